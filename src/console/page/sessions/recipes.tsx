// The recipes in use, with the versions that are pinned.

import { Chip } from "../parts/chip.tsx";
import { Loaded, Section, useAnswer } from "../parts/section.tsx";
import { Command, Empty } from "../parts/text.tsx";
import { overview } from "../questions.ts";

export function RecipeSection() {
  const answer = useAnswer(overview);
  return (
    <Section title="Recipes" count={answer.data?.recipes.length}>
      <Loaded answer={answer} retry={overview.refresh}>
        {({ recipes }) =>
          recipes.length === 0 ? (
            <Empty title="This config uses no recipe.">
              <p>A recipe is a part of a config for one sender, with its tests. To see them:</p>
              <Command text="channel-router recipes" />
            </Empty>
          ) : (
            <ul class="plain-list">
              {recipes.map(({ use, name, version, newer }) => (
                <li key={use} class="line">
                  <b>{use}</b> {name} {version === undefined ? null : <code>{version}</code>}{" "}
                  {newer === undefined ? null : <Chip text={`${newer} is available`} tone="accent" />}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}
