// The version, put in place of `__VERSION__` by the build.

declare const __VERSION__: string | undefined;

export const version = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0-source";
