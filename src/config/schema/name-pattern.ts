// The pattern of user-chosen names: of sources, channels, sinks, vars, recipes in use and their inputs.

export const namePattern = "^[a-z][a-z0-9_]*$";
