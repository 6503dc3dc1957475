equipment IN (SELECT equipment FROM dash.equipment WHERE equipment_group IN ({groups}))
