/** The part of JSON Schema that docs/openapi.yaml uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

type Schemas = Readonly<Record<string, Schema>>;

/**
 * Where `value` differs from `schema`, as sentences. Objects are closed: a property that is not documented is a
 * difference, and every documented one is checked.
 */
export function checkAgainst(schemas: Schemas, schema: Schema, value: unknown, at = "answer"): string[] {
  const flat = resolve(schemas, schema);
  if (flat.anyOf !== undefined) {
    const all = flat.anyOf.map((option) => checkAgainst(schemas, option, value, at));
    return all.some((differences) => differences.length === 0) ? [] : all.flat();
  }
  const types = [flat.type ?? []].flat();
  if (!types.some((type) => isOfType(value, type))) return [`${at} is no ${types.join(" or ")}`];
  if (flat.enum !== undefined && !flat.enum.includes(value)) return [`${at} is ${String(value)}`];
  return checkParts(schemas, flat, value, at);
}

function checkParts(schemas: Schemas, schema: Schema, value: unknown, at: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => checkAgainst(schemas, schema.items ?? {}, item, `${at}[${i}]`));
  }
  return typeof value === "object" && value !== null ? checkObject(schemas, schema, value, at) : [];
}

function checkObject(
  schemas: Schemas,
  { properties = {}, required = [] }: Schema,
  value: object,
  at: string,
) {
  const missing = required.filter((name) => !(name in value)).map((name) => `${at} has no ${name}`);
  const rest = Object.entries(value).flatMap(([name, part]) => {
    const schema = properties[name];
    if (schema === undefined) return [`${at}.${name} is not documented`];
    return checkAgainst(schemas, schema, part, `${at}.${name}`);
  });
  return [...missing, ...rest];
}

function resolve(schemas: Schemas, schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace("#/components/schemas/", "");
    const found = schemas[name];
    if (found === undefined) throw new Error(`no schema ${schema.$ref}`);
    return resolve(schemas, found);
  }
  if (schema.allOf === undefined) return schema;
  const parts = schema.allOf.map((part) => resolve(schemas, part));
  return {
    type: "object",
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Schemas,
    required: parts.flatMap(({ required = [] }) => required),
  };
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}
