SELECT EXISTS (SELECT FROM material.genealogy WHERE child = %(thing)s)
    OR EXISTS (SELECT FROM material.genealogy WHERE parent = %(thing)s)
