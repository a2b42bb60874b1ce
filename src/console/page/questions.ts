// What several pages ask the router.

import { liveAnswer } from "./answers.ts";

export const status = liveAnswer("status", ["status", "config"]);
export const overview = liveAnswer("overview", ["config"], 30_000);
export const prompts = liveAnswer("prompts", ["prompt"]);
export const consent = liveAnswer("consent", ["prompt", "config"]);
export const browsers = liveAnswer("browsers", []);
export const audit = liveAnswer("audit", ["prompt"]);
