SELECT program, sessions
FROM dash.session
ORDER BY sessions DESC, program
LIMIT 50
