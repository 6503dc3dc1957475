SELECT coalesce(sum(v.new), 0)::double precision AS "cells"
FROM dash.output_1m AS v
WHERE v.line IN (${line:sqlstring})
  AND v.station = '{pacemaker}'
  -- Open to the room from winding until the can is shut.
  AND v.time > now() - make_interval(secs => (SELECT delay_s FROM dash.station WHERE station = 'sealing'))
