// The systemd user unit that `up --print-unit` prints. Nothing is installed and it contains no secret:
// secrets belong in the `.env` of the state root.

import { UsageError } from "../errors.ts";
import { type SafeText, verbatim } from "../text.ts";

export interface UnitFile {
  /** Node, its options and our script, absolute. */
  readonly program: readonly string[];
  /** Absolute. */
  readonly config: string;
  readonly folder: string;
  /** Variables that name folders; unset ones are left out. */
  readonly places: Readonly<Record<string, string | undefined>>;
}

/** Throws a UsageError when a path is not possible on a line of the file. */
export function unitText(unit: UnitFile): SafeText {
  const written = verbatim(writeUnit(unit));
  if (
    written !== undefined &&
    ![unit.config, unit.folder, ...unit.program, ...Object.values(unit.places)].some((path) =>
      path?.includes("\n"),
    )
  )
    return written;
  throw new UsageError(
    "E_USAGE",
    "a path with line ends or hidden characters cannot be written into a unit",
    {
      hint: "rename the folder or the file",
    },
  );
}

function writeUnit({ program, config, folder, places }: UnitFile): string {
  const environment = Object.entries(places).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`Environment=${quoted(`${name}=${value}`)}`],
  );
  return `# channel-router up --print-unit > ~/.config/systemd/user/channel-router.service
# systemctl --user daemon-reload && systemctl --user enable --now channel-router
# loginctl enable-linger    (to run it while nobody is logged in)
[Unit]
Description=channel-router for ${config.replaceAll("%", "%%")}
After=network-online.target

[Service]
Type=exec
ExecStart=${[...program, "up", "--foreground", "--config", config].map(argument).join(" ")}
WorkingDirectory=${folder.replaceAll("%", "%%")}
${environment.map((line) => `${line}\n`).join("")}Restart=on-failure
RestartSec=2
TimeoutStopSec=10
UMask=0077
NoNewPrivileges=true

[Install]
WantedBy=default.target
`;
}

/** A command line also expands `$`; see systemd.service(5), "Command lines". */
function argument(word: string): string {
  return quoted(word.replaceAll("$", () => "$$"));
}

function quoted(word: string): string {
  const escaped = word.replaceAll("%", "%%");
  return /^[A-Za-z0-9_./:=@,%+$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/[\\"]/g, "\\$&")}"`;
}
