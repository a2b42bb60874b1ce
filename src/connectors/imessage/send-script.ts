// The only place that sends through Messages: a script that receives the content as arguments, never as part
// of itself.

import type { LentHost } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";

const withinMs = 30_000;

const script = `on run argv
  set target to item 1 of argv
  set kind to item 2 of argv
  set content to item 3 of argv
  tell application "Messages"
    if kind is "file" then
      send (POSIX file content) to chat id target
    else
      send content to chat id target
    end if
  end tell
end run`;

export type Outgoing = { readonly text: string } | { readonly file: string };

/** Settles when Messages has accepted it, which does not mean delivered. Rejects with a ConnectorError. */
export async function sendScript(
  { spawn }: Pick<LentHost, "spawn">,
  chatGuid: string,
  outgoing: Outgoing,
): Promise<void> {
  const [kind, content] = "text" in outgoing ? ["text", outgoing.text] : ["file", outgoing.file];
  const child = await spawn({ command: ["osascript", "-", chatGuid, kind, content] });
  const timer = setTimeout(() => void child.kill(0), withinMs);
  child.stdin.end(script);
  child.stdout.resume();
  let said = "";
  for await (const piece of child.stderr) if (said.length < 1_000) said += String(piece);
  const { code } = await child.ended;
  clearTimeout(timer);
  if (code === 0) return;
  throw new ConnectorError("E_CHAT", `Messages did not send: ${meaningOf(said)}`, {
    ...(said.includes("-1743")
      ? {
          hint: "System Settings, Privacy & Security, Automation: let the app that starts Claude control Messages",
        }
      : {}),
  });
}

function meaningOf(said: string): string {
  if (said.includes("-1743")) return "no permission to control it";
  if (said.includes("-1728")) return "unknown chat";
  return said.split("\n", 1)[0]?.slice(0, 200) || "it did not answer";
}
