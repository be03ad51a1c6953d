/** The architecture, checked: see docs/architecture.md. */
const DOMAINS = "router|discovery|nodes|rebalancing|simulation|checks";
const KERNEL =
  "^src/(model|load-history|home-model|sighting|plan|amounts|wall-clock|user-name|record-age|json-text|errors|state-file|node-loss|ports|cache-ports|deadline|turns)\\.ts$";

/** The concepts of a domain that is split into folders; each may import those before it. */
const CONCEPTS = {
  router: ["web", "sign-in", "proxy", "way-in", "servers", "admin", "front"],
  nodes: ["keys", "ssh", "inventory", "placement", "cluster", "hubs", "orders", "load", "upkeep"],
};

/** A domain has a root, `decide/` and `io/`, and so has each of its concepts. */
const DOMAIN = `^src/(${DOMAINS})/`;
const DECIDE = `${DOMAIN}(?:[^/]+/|)decide/`;
const SERVICE = `${DOMAIN}(?:(?!decide/|io/|remote/)[^/]+/|)[^/]+\\.ts$`;
const IO = `${DOMAIN}(?:[^/]+/|)io/`;
const own = (place) => place.replace(`(${DOMAINS})`, "$1");

const conceptsInOrder = Object.entries(CONCEPTS).flatMap(([domain, concepts]) => [
  {
    name: `${domain}-has-these-concepts`,
    severity: "error",
    from: {},
    to: {
      path: `^src/${domain}/`,
      pathNot: `^src/${domain}/(?:${concepts.join("|")})/(?:(?:decide|io)/|)[^/]+$|^src/nodes/remote/`,
    },
  },
  ...concepts.slice(0, -1).map((concept, i) => ({
    name: `${domain}-concepts-in-order`,
    severity: "error",
    from: { path: `^src/${domain}/${concept}/` },
    to: { path: `^src/${domain}/(?:${concepts.slice(i + 1).join("|")})/` },
  })),
]);

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    ...conceptsInOrder,
    {
      name: "domains-meet-only-in-app",
      severity: "error",
      from: { path: DOMAIN },
      to: { path: DOMAIN, pathNot: own(DOMAIN) },
    },
    {
      name: "decide-is-pure",
      severity: "error",
      from: { path: DECIDE },
      to: {
        pathNot: [
          own(DECIDE),
          "^src/(model|load-history|home-model|sighting|plan|amounts|wall-clock|user-name|record-age|json-text|errors|node-loss)\\.ts$",
          "node_modules/(zod|cookie)/",
          "^(node:)?crypto$",
        ],
      },
    },
    {
      name: "services-take-ports-not-adapters",
      severity: "error",
      from: { path: SERVICE },
      to: {
        path: "^src/",
        pathNot: [own(SERVICE), own(DECIDE), KERNEL, "^src/lifecycle\\.ts$"],
      },
    },
    {
      name: "services-do-no-io",
      severity: "error",
      from: { path: SERVICE },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(stream|events|crypto)$" },
    },
    {
      name: "io-never-calls-services",
      severity: "error",
      from: { path: IO },
      to: { path: "^src/", pathNot: [own(IO), own(DECIDE), KERNEL] },
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
      from: { path: "^src/", pathNot: "^src/nodes/ssh/io/ssh-" },
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
