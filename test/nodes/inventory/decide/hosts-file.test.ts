import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Maintenance, NodeId, NodeSpec } from "../../../../src/model.ts";
import { parseHostsFile } from "../../../../src/nodes/inventory/decide/hosts-file.ts";
import { printHostsFile } from "../../../support/print-hosts-file.ts";

function read(text: string): readonly NodeSpec[] {
  const { nodes, problems } = parseHostsFile(text);
  expect(problems).toEqual([]);
  return nodes;
}

function names(text: string): readonly string[] {
  return read(text).map(({ id }) => id);
}

/** The problems as "line: message | remedy". */
function complaints(text: string): readonly string[] {
  const { nodes, problems } = parseHostsFile(text);
  expect(nodes).toEqual([]);
  return problems.map(({ line, message, remedy }) => `${line}: ${message} | ${remedy}`);
}

describe("hosts", () => {
  it("needs no more than a name", () => {
    expect(read("node1")).toEqual([
      {
        id: "node1",
        address: "node1",
        sshPort: 22,
        become: "none",
        transport: "ssh",
        weight: 1,
        labels: [],
      },
    ]);
  });

  it("reads every key of ours", () => {
    const line =
      "node1 address=10.0.0.11 port=2222 user=root become=sudo transport=direct weight=2.5 labels=gpu,a100 " +
      "max_servers=8 jupyterhub=/opt/hub/bin/jupyterhub proxy_command='/opt/my proxy/chp'";
    expect(read(line)).toEqual([
      {
        id: "node1",
        address: "10.0.0.11",
        sshPort: 2222,
        sshUser: "root",
        become: "sudo",
        transport: "direct",
        weight: 2.5,
        labels: ["a100", "gpu"],
        maxServers: 8,
        jupyterhub: "/opt/hub/bin/jupyterhub",
        proxyCommand: "/opt/my proxy/chp",
      },
    ]);
  });

  it("reads when a node is out of service, for one host, its group or all, the nearest saying", () => {
    const text =
      'a maintenance="Sun 02:00-06:00, lead 8h"\n[night]\nb\n[night:vars]\nmaintenance = "daily 03:00-04:00"\n' +
      "[far]\nc\n[all:vars]\nmaintenance=Sat 22:00-04:00, 2026-12-24 18:00-20:00\n";
    expect(read(text).map((node) => node.maintenance?.windows.map(({ day }) => day))).toEqual([
      ["sun"],
      ["daily"],
      ["sat", "2026-12-24"],
    ]);
  });

  it("reads Ansible's names and ignores what they say to Ansible alone", () => {
    const [node] = read(
      "web ansible_host=fe80::1 ansible_port=2200 ansible_user='deploy' ansible_become=yes " +
        "ansible_become_method=sudo ansible_python_interpreter=/usr/bin/python3 ansible_password='x y'",
    );
    expect(node).toMatchObject({ address: "fe80::1", sshPort: 2200, sshUser: "deploy", become: "sudo" });
  });

  it("lets our own names win over Ansible's of the same place, not of a nearer one", () => {
    const text = "node1 ansible_user=near\nnode2\n[all:vars]\nuser=ours\nansible_user=theirs\n";
    expect(read(text).map(({ sshUser }) => sshUser)).toEqual(["near", "ours"]);
  });

  it("keeps the order of the file", () => {
    expect(names("b\na\n[x]\nc\na\n")).toEqual(["b", "a", "c"]);
  });

  it.each([
    ["comments and blank lines", "\uFEFF# one\r\n; two\r\n\r\nnode1 # three\r\nnode2 weight=2 ; four\r\n"],
    ["a port behind the name", "node1:2222\nnode2 address=h-2"],
    ["hosts listed in all and in several groups", "[all]\nnode1\n[a]\nnode1\nnode2\n[b:hosts]\nnode2\n"],
  ])("takes %s", (_name, text) => {
    expect(names(text)).toEqual(["node1", "node2"]);
  });
});

describe("ranges", () => {
  it.each([
    ["node[02-04].lab", ["node02.lab", "node03.lab", "node04.lab"]],
    ["n[1:3]", ["n1", "n2", "n3"]],
    ["n[08:10]:2222", ["n08", "n09", "n10"]],
    ["n[01-07:3]", ["n01", "n04", "n07"]],
    ["n[:2]", ["n0", "n1", "n2"]],
    ["db-[a:c]", ["db-a", "db-b", "db-c"]],
    ["[a:b].lab", ["a.lab", "b.lab"]],
    ["r[1-2]n[a-b]", ["r1na", "r1nb", "r2na", "r2nb"]],
  ])("%s", (pattern, expected) => {
    expect(names(pattern)).toEqual(expected);
  });

  it.each([
    ["n[3-1]", "runs backwards"],
    ["n[c:a]", "runs backwards"],
    ["n[1-1001]", "more than 1000 hosts"],
    ["n[1-999999999]", "more than 1000 hosts"],
    ["n[1-99]m[1-99]", "more than 1000 hosts"],
    ["n[01-100]", "different lengths"],
    ["n[1-z]", "from a letter to a number"],
    ["n[a:Z]", "same case"],
    ["n[1-5:0]", "step"],
    ["n[1,3]", "not a range"],
    ["n[1-", "no partner"],
    ["n1-2]", "no partner"],
  ])("%s is a problem", (pattern, message) => {
    expect(complaints(pattern)).toEqual([expect.stringContaining(message)]);
  });

  it("bounds the whole file too", () => {
    expect(complaints("a[1-600]\nb[1-600]\nc[1-600]")).toEqual([
      expect.stringMatching(/^2: .*more than 1000 hosts/),
    ]);
  });
});

describe("groups", () => {
  it("are labels, those above included", () => {
    const [a, b] = read("[gpu]\na labels=big\n[cpu]\nb\n[lab:children]\ngpu\ncpu\n");
    expect(a?.labels).toEqual(["big", "gpu", "lab"]);
    expect(b?.labels).toEqual(["cpu", "lab"]);
  });

  it("give values to their hosts: host over child over parent over all", () => {
    const text = [
      "[all:vars]\nuser=all\nweight=1\nport=1\ntransport=direct",
      "[lab:children]\ngpu",
      "[lab:vars]\nuser=lab\nweight = 2\nport=2",
      "[gpu]\nnode1 user=host",
      "[gpu:vars]\nuser=gpu\nweight='3'  # quoted",
    ].join("\n");
    expect(read(text)[0]).toMatchObject({ sshUser: "host", weight: 3, sshPort: 2, transport: "direct" });
  });

  it("of one depth go by name, unless ansible_group_priority says otherwise", () => {
    const text = "[a]\nn\n[b]\nn\n[a:vars]\nuser=a\n[b:vars]\nuser=b\n";
    expect(read(text)[0]?.sshUser).toBe("b");
    expect(read(`${text}[a:vars]\nansible_group_priority=10\n`)[0]?.sshUser).toBe("a");
  });

  it("do not judge what Ansible alone reads", () => {
    expect(names('n\n[all:vars]\nansible_ssh_common_args=-o "Proxy\nansible_x=\n')).toEqual(["n"]);
  });
});

describe("problems", () => {
  it.each([
    ["", "names no host"],
    ["# nothing\n\n", "names no host"],
    ["---\nall:\n  hosts:\n", "this is YAML"],
    ["Node_1", 'Write "node-1 address=Node_1"'],
    ["fe80::1", "cannot name a node"],
    ["../etc", "cannot name a node"],
    ["n/1", "cannot name a node"],
    ["node\u0131", "cannot name a node"],
    ["n".repeat(64), "at most 63"],
    ["300.1.1.1", "is no address"],
    ["n port=0", "1 to 65535"],
    ["n:70000", "1 to 65535"],
    ["n:22 port=23", "port is said twice on this line"],
    ["n:22 ansible_port=23", "port is said twice on this line"],
    ["n weight=0", "above 0"],
    ["n weight=-1", "above 0"],
    ["n weight=NaN", "above 0"],
    ["n max_servers=1.5", "whole number"],
    ["n labels=a,,b", "commas"],
    ["n become=su", '"sudo" or "none"'],
    ["n ansible_become_method=su", "no other way"],
    ["n transport=udp", "ssh"],
    [
      'n maintenance="Sun 2-6"',
      'maintenance wants windows with commas between them, such as "Sun 02:00-06:00"',
    ],
    ["n maintenance=Sun 02:00-06:00", "word 3 of the line is not key=value"],
    ["n jupyterhub=bin/hub", "absolute path"],
    ["n address={{x}}", "templates"],
    ["n address=10.0.0.300", "IP address"],
    ["n address=a..b", "host name"],
    ["n address=::1::", "IP address"],
    ["n wieght=2", 'Did you mean "weight"?'],
    ["n colour=red", "Known keys: address, port"],
    ["n __proto__=1 constructor=2", '"__proto__" is not known'],
    ["n user='x", "not closed"],
    ["[gpu", "not a section"],
    ["[]", "not a section"],
    ["[a:f]", 'no kind of section "f"'],
    ["n\n[all:vars]\nuser root", "not key=value"],
    ["n\n[gpu:vars]\nweight=1", 'no section lists the group "gpu"'],
    ["[gpu]\nn\n[gpus:vars]\nweight=1", 'Did you mean "gpu"?'],
    ["[gpu]\nn\n[x:children]\ngpuu", 'Did you mean "gpu"?'],
    ["[gpu]\nn\n[x:children]\ngpu user=x", "not the name of a group"],
    ["[a]\nn\n[a:children]\nb\n[b:children]\na", "within themselves"],
    ["n address=h\nm address=H", "the same machine"],
    ["n[1-3] address=h", "the same machine"],
    ["n address=a\n[x]\nn address=b", "already on line 1"],
    [`n ${"x".repeat(5000)}`, "longer than 4096"],
    ["x".repeat(1024 * 1024 + 1), "1 MiB"],
  ])("%#: %j", (text, part) => {
    expect(complaints(text).join("\n")).toContain(part);
  });

  it("are all told in one pass, each with its line, and nothing is half understood", () => {
    const text =
      "good\nBad\ngood2 port=x\n[vars\nnot judged port=x\n[gpu]\nn wight=1\n[all:vars]\nweight=0\n";
    const { nodes, problems } = parseHostsFile(text);
    expect(nodes).toEqual([]);
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 7, 9]);
  });

  it("never repeat a value that may be a secret", () => {
    const text = "n ansible_password=two words secret=hunter2 hunter2";
    expect(complaints(text).join()).not.toMatch(/words|hunter2/);
  });
});

const maintenance: fc.Arbitrary<Maintenance> = fc.record({
  windows: fc.uniqueArray(
    fc.constantFrom(
      { day: "sun", from: "02:00", days: 0, to: "06:00" },
      { day: "fri", from: "18:00", days: 3, to: "06:00" },
      { day: "daily", from: "23:30", days: 1, to: "00:30" },
      { day: "2026-12-24", from: "18:00", days: 3, to: "08:00" },
    ),
    { minLength: 1 },
  ),
  leadMs: fc.nat(10_000).map((minutes) => minutes * 60_000),
});

const specs: fc.Arbitrary<NodeSpec[]> = fc
  .uniqueArray(
    fc.record(
      {
        id: fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,10}[a-z0-9])?$/).map((id) => id as NodeId),
        address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[a-z][a-z0-9-]{0,10}\.lab$/)),
        sshPort: fc.integer({ min: 1, max: 65_535 }),
        sshUser: fc.stringMatching(/^[a-z_][a-z0-9_.@\\-]{0,10}$/),
        become: fc.constantFrom("none", "sudo"),
        transport: fc.constantFrom("ssh", "direct"),
        weight: fc.integer({ min: 1, max: 100_000 }).map((n) => n / 100),
        labels: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,5}$/)).map((all) => all.toSorted()),
        maxServers: fc.nat(100_000),
        maintenance,
        jupyterhub: fc.stringMatching(/^\/[ -~]{0,20}$/),
        proxyCommand: fc.stringMatching(/^\/[^\p{Cc}\p{Z}]{0,20}$/u),
      },
      { requiredKeys: ["id", "address", "sshPort", "become", "transport", "weight", "labels"] },
    ),
    { minLength: 1, maxLength: 12, selector: ({ id }) => id },
  )
  .map((nodes) => [...new Map(nodes.map((node) => [`${node.address} ${node.sshPort}`, node])).values()]);

/** Text made of what hosts files are made of, so that it often gets far into the parser. */
const scraps: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(..."[ ] : = # ; ' \" \\ \n \r \t , - .".split(" "), " "),
      fc.constantFrom(
        "node1",
        "[gpu]",
        "\n[gpu:vars]\n",
        "\n[a:children]\n",
        "\n[all:vars]\n",
        "[01-09]",
        "a",
      ),
      fc.constantFrom("weight=", "labels=", "ansible_host=", "port=22", "user=", "__proto__"),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

describe("for any input", () => {
  it("never throws, and answers either with nodes or with problems", () => {
    fc.assert(
      fc.property(fc.oneof(scraps, fc.string({ unit: "binary", maxLength: 400 })), (text) => {
        const { nodes, problems } = parseHostsFile(text);
        const lines = text.split(/\r\n|\r|\n/).length;
        expect(nodes.length > 0).toBe(problems.length === 0);
        expect(
          problems.every(({ line, message, remedy }) => line >= 1 && line <= lines && message && remedy),
        ).toBe(true);
        expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("printing and parsing gives the same nodes", () => {
    fc.assert(
      fc.property(specs, (nodes) => {
        expect(read(printHostsFile(nodes))).toEqual(nodes);
      }),
      { numRuns: 300 },
    );
  });

  it("the order of lines within a section does not matter", () => {
    const shuffled = specs.chain((nodes) =>
      fc.record({
        nodes: fc.constant(nodes),
        other: fc.shuffledSubarray(nodes, { minLength: nodes.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ nodes, other }) => {
        expect(byName(read(printHostsFile(other)))).toEqual(byName(read(printHostsFile(nodes))));
      }),
    );
  });

  it("the order of sections does not matter", () => {
    const sections = [
      "[gpu]\na\nb weight=2",
      "[cpu]\nb\nc",
      "[lab:children]\ngpu\ncpu",
      "[lab:vars]\nuser=lab\nweight=5",
      "[gpu:vars]\nuser=gpu",
      "[cpu:vars]\nuser=cpu",
      "[all:vars]\nport=2222",
    ];
    const expected = byName(read(sections.join("\n")));
    fc.assert(
      fc.property(fc.shuffledSubarray(sections, { minLength: sections.length }), (other) => {
        expect(byName(read(other.join("\n")))).toEqual(expected);
      }),
    );
  });
});

function byName(nodes: readonly NodeSpec[]): readonly NodeSpec[] {
  return nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
