// What a recipe declares that it may reach: an upper bound for its components, whatever their options say.

/** In `tools`: what Claude can do in a chat besides the answer to an event (send, react, edit, download, history). */
export const chatTools = "chat";

/** Of one use of a recipe, with the values of its inputs. */
export interface Capabilities {
  /** The recipe's name, for messages. */
  readonly recipe: string;
  /** Its file is one of the user's own project. */
  readonly isOwn: boolean;
  /** Paths of HTTP routes. */
  readonly listen: readonly string[];
  /** `host` means the usual ports of the protocol, `host:port` one port. Lower case, as a URL has it. */
  readonly hosts: readonly string[];
  /** Absolute, with wildcards. One without wildcards is a file, or a folder with everything in it. */
  readonly files: readonly string[];
  /** Programs, as a command names them. */
  readonly commands: readonly string[];
  /** Sinks, by their names in the recipe; `chatTools` for those of its chats. */
  readonly tools: readonly string[];
  /** By input: `verify`, hosts and programs that a secret one, or a value from a variable, may go to. */
  readonly secrets: Readonly<Record<string, readonly string[]>>;
}

/** The capabilities of the recipe that a component is from, and what the component does with its secrets. */
export interface Bound extends Capabilities {
  /**
   * Options that are not inert, with a part from a secret input, or from another one whose value is from a variable
   * or a file (`isVariable`): paths as in the YAML, below the component.
   */
  readonly carried: readonly {
    readonly input: string;
    readonly path: readonly (string | number)[];
    readonly isVariable?: true;
  }[];
}

/** What the router checks for a component that is bound, at each access. */
export interface Bounds {
  /** Throws a ConnectorError (E_CAPABILITY) when the recipe does not name the host of this URL. */
  host(url: string): void;
  /**
   * Why this file may be neither read nor written; undefined when it may. Without links, absolute: what the
   * recipe names is resolved in the same way.
   */
  file(real: string): Promise<string | undefined>;
}
