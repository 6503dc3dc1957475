SELECT g.child, g.parent FROM material.genealogy g WHERE g.child = ANY (%(strips)s)
