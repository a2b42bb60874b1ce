// The event id argument of tools.

/** Ids are 13 characters; any other text gets the error that there is no such event. */
export const eventId = { type: "string", maxLength: 64 } as const;
