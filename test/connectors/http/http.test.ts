import { request } from "node:http";
import { http } from "../../../src/connectors/http/index.ts";
import { testSource } from "../conformance.ts";

testSource({
  type: http,
  written: { path: "/hook", verify: { scheme: "bearer", secret: "s3cret" }, max_body: "64KiB" },
  options: {
    path: "/hook",
    methods: ["POST"],
    verify: { scheme: "bearer", secret: "s3cret" },
    maxBodyBytes: 65_536,
  },
  arrive: ({ host }) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: "Bearer s3cret", "content-type": "application/json" };
      const outgoing = request(`${host.listener.address()}/hook`, { method: "POST", headers, agent: false });
      outgoing.on("response", (response) => {
        response.resume();
        resolve(response.statusCode === 202);
      });
      outgoing.on("error", reject);
      outgoing.end("{}");
    }),
});
