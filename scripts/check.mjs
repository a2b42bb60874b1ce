// Runs the checks side by side, for most of them use one core alone, and prints what each of those that failed has to say.
import { spawn } from "node:child_process";

const checks = ["lint", "types", "knip", "generated"];
const failed = await Promise.all(checks.map(check));
if (failed.includes(true)) process.exitCode = 1;

/** Settles with whether it failed. */
function check(name) {
  return new Promise((resolve) => {
    const running = spawn("npm", ["run", "--silent", name], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const output of [running.stdout, running.stderr]) {
      output.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
    }
    running.on("error", (error) => {
      said += `${error.message}\n`;
    });
    running.on("close", (code) => {
      console.log(`${code === 0 ? "ok  " : "fail"} ${name}`);
      if (code !== 0) console.log(said);
      resolve(code !== 0);
    });
  });
}
