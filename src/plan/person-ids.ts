// Invalid user ids in a config: a name instead of an id admits nobody, and the id of a group would ask
// everybody.

import type { IssueDraft } from "../config/values.ts";
import type { AccessOptions, ChatTraits } from "../contract/chat.ts";

type Id = string | number;

/** `path`: of the list. */
export function checkPersonIds(
  ids: readonly Id[],
  type: string,
  traits: Pick<ChatTraits, "personId">,
  path: readonly (string | number)[],
): IssueDraft[] {
  const { personId } = traits;
  if (personId === undefined) return [];
  const pattern = new RegExp(personId.pattern);
  return ids.flatMap((id, index) =>
    pattern.test(String(id))
      ? []
      : [
          {
            path: [...path, index],
            code: "E_CONFIG_VALUE",
            message: `is not a user id on ${type}, which looks like ${personId.example}`,
            hint: "channel-router access list  shows the ids of those who wrote",
          },
        ],
  );
}

/** In a source's `access`. Ids of bots may be those of channels. */
export function checkAccessIds(
  source: string,
  type: string,
  traits: Pick<ChatTraits, "personId">,
  { allow, groups }: AccessOptions,
): IssueDraft[] {
  const path = ["sources", source, "access"];
  return [
    ...checkPersonIds(allow, type, traits, [...path, "allow"]),
    ...Object.entries(groups).flatMap(([chat, group]) =>
      checkPersonIds(group.allow, type, traits, [...path, "groups", chat, "allow"]),
    ),
  ];
}
