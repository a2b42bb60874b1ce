// Tarballs as npm packs them, and a registry on loopback that serves them.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface TarEntry {
  readonly path: string;
  readonly content?: string | Buffer;
  /** `0` file, `1` hard link, `2` link, `5` folder. */
  readonly type?: string;
  readonly target?: string;
}

export function tarball(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = "", type = "0", target = "" }) => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(target, 157, 100);
    header.write("ustar\0", 257);
    header.write("00", 263);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export interface FixtureRegistry {
  readonly url: string;
  /** Publishes it, or replaces what was published. */
  publish(name: string, version: string, bytes: Buffer): void;
  close(): Promise<void>;
}

export async function startRegistry(): Promise<FixtureRegistry> {
  const packages = new Map<string, Map<string, Buffer>>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").replace(/^\//, "");
    const [, name = path, version] = /^(.+)\/-\/(.+)\.tgz$/.exec(path) ?? [];
    const versions = packages.get(name);
    if (versions === undefined) return void response.writeHead(404).end("{}");
    if (version !== undefined) return void response.end(versions.get(version));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(packument(name, versions, url)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    publish(name, version, bytes) {
      packages.set(name, new Map([...(packages.get(name) ?? []), [version, bytes]]));
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function packument(name: string, versions: ReadonlyMap<string, Buffer>, url: string) {
  const all = [...versions].map(([version, bytes]) => [
    version,
    {
      name,
      version,
      // What npm must not run.
      scripts: { preinstall: "exit 1", prepare: "exit 1", prepack: "exit 1" },
      dist: {
        tarball: `${url}/${name}/-/${version}.tgz`,
        integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
        shasum: createHash("sha1").update(bytes).digest("hex"),
      },
    },
  ]);
  return { name, "dist-tags": { latest: [...versions.keys()].at(-1) }, versions: Object.fromEntries(all) };
}
