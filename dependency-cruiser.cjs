/** The architecture, checked: see docs/architecture.md. */
const DOMAINS = "router|discovery|nodes|rebalancing|simulation|checks";
const KERNEL =
  "^src/(model|load-history|home-model|sighting|plan|amounts|wall-clock|user-name|record-age|json-text|errors|state-file|node-loss|ports|cache-ports|deadline|turns)\\.ts$";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "domains-meet-only-in-app",
      severity: "error",
      from: { path: `^src/(${DOMAINS})/` },
      to: { path: `^src/(${DOMAINS})/`, pathNot: "^src/$1/" },
    },
    {
      name: "decide-is-pure",
      severity: "error",
      from: { path: `^src/(${DOMAINS})/decide/` },
      to: {
        pathNot: [
          "^src/$1/decide/",
          "^src/(model|load-history|home-model|sighting|plan|amounts|wall-clock|user-name|record-age|json-text|errors|node-loss)\\.ts$",
          "node_modules/(zod|cookie)/",
          "^(node:)?crypto$",
        ],
      },
    },
    {
      name: "services-take-ports-not-adapters",
      severity: "error",
      from: { path: `^src/(${DOMAINS})/[^/]+\\.ts$` },
      to: {
        path: "^src/",
        pathNot: ["^src/$1/[^/]+\\.ts$", "^src/$1/decide/", KERNEL, "^src/lifecycle\\.ts$"],
      },
    },
    {
      name: "services-do-no-io",
      severity: "error",
      from: { path: `^src/(${DOMAINS})/[^/]+\\.ts$` },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(stream|events|crypto)$" },
    },
    {
      name: "io-never-calls-services",
      severity: "error",
      from: { path: `^src/(${DOMAINS})/io/` },
      to: { path: "^src/", pathNot: ["^src/$1/(io|decide)/", KERNEL] },
    },
    {
      name: "kernel-depends-on-nothing",
      severity: "error",
      from: { path: KERNEL },
      to: { path: "^src/", pathNot: KERNEL },
    },
    {
      name: "nobody-imports-the-root",
      severity: "error",
      from: { pathNot: ["^src/(app|main)\\.ts$", "^src/(cli|composition)/", "^test/"] },
      to: { path: "^src/(app|main|config)\\.ts$|^src/(cli|composition)/" },
    },
    {
      name: "ssh2-has-one-home",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/nodes/io/ssh-" },
      to: { path: "node_modules/ssh2/" },
    },
    { name: "tests-not-in-src", severity: "error", from: { path: "^src/" }, to: { path: "^test/" } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
