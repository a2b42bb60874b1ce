// What a tool takes as an event's id.

/** Ids are 13 characters; a model that types something else is told that there is no such event. */
export const eventId = { type: "string", maxLength: 64 } as const;
