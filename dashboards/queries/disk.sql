SELECT bytes AS "database"
FROM dash.database
