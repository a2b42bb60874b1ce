// What names of the user's own look like: of sources, channels, sinks, vars, recipes in use and their inputs.

export const namePattern = "^[a-z][a-z0-9_]*$";
