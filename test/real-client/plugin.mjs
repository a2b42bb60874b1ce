// The plugin from a clone's marketplace, with the package from an npm registry: added, installed, connected.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openClient } from "./client.mjs";
import { show } from "./show.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const client = openClient();

const validated = await client.run(["plugin", "validate", root, "--strict", "--profile", "directory"]);
show("the manifest is valid, also for the directory", /Validation passed/.test(validated), validated);

const registry = await openRegistry();
const more = { npm_config_registry: registry.url };
await client.run(["plugin", "marketplace", "add", root], { more });
const installed = await client.run(["plugin", "install", "router@channel-router"], { more });
show("it is installed from npm", /installed/i.test(installed), installed);
// The installer asks for its own latest version too.
const others = registry.fetched.filter((name) => name !== "channel-router" && name !== "npm");
show("nothing was fetched beside the package", others.length === 0, others.join());

const project = join(client.home, "project");
mkdirSync(project);
const listed = await client.run(["mcp", "list"], { cwd: project });
show(
  "its server connects in any project, and no other turns up",
  /^plugin:router:router: .*✔? ?Connected/m.test(listed) && !/Failed/.test(listed),
  listed,
);
registry.close();

/** A registry on loopback that has this package alone. */
async function openRegistry() {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", client.home], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const { name, version, filename } = packed;
  const tarball = readFileSync(join(client.home, filename));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const fetched = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://registry").pathname).slice(1);
    if (path === name) {
      const dist = {
        tarball: `${url}/${name}/-/${filename}`,
        integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
        shasum: createHash("sha1").update(tarball).digest("hex"),
      };
      const { devDependencies: _dev, scripts: _scripts, ...published } = manifest;
      response.end(
        JSON.stringify({
          name,
          "dist-tags": { latest: version },
          versions: { [version]: { ...published, dist } },
        }),
      );
    } else if (path.endsWith(filename)) {
      fetched.push(name);
      response.end(tarball);
    } else {
      fetched.push(path);
      response.writeHead(404).end("{}");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, fetched, close: () => server.close() };
}
