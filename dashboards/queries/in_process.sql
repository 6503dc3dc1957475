SELECT count(*) AS "cells"
FROM dash.first_visit_24h AS v
WHERE v.line IN (${line:sqlstring})
  AND v.station = '{pacemaker}'
  -- Open to the room from winding until the can is shut.
  AND v.time > now() - make_interval(secs => (SELECT delay_s FROM dash.station WHERE station = 'sealing'))
