-- What Prosody gives to a module.
std = "lua54"
globals = { "module" }
read_globals = { "prosody" }
max_line_length = 160
