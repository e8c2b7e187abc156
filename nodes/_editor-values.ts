import type { NodeAPI } from 'node-red';
import { type Fields, fieldsOf, textOf } from '../lib/fields.js';
import { say } from '../lib/say.js';
import { type VariableValue, variableValue } from '../lib/variable-value.js';
import { editorEndpoint, RequestError } from './_editor-endpoint.js';

const MOST_NAMES = 100;
const NAME = /^[A-Za-z_][\w.-]{0,127}$/;

/** Which node asks, deployed or not: its id, its tab and its group decide which variables it sees. */
interface Place {
  readonly id: string | null;
  readonly z: string | null;
}

/** Tells the editor which variables are set and, unless they may be secrets, to what. */
export function offerValues(RED: NodeAPI): void {
  editorEndpoint(RED, 'values', (body) => {
    const { names } = body;
    if (!Array.isArray(names) || names.length > MOST_NAMES || !names.every(isName)) {
      throw new RequestError(say`"names" has to be a list of names of variables.`);
    }
    const look = lookup(RED, body);
    const values: Record<string, VariableValue> = {};
    for (const name of names) {
      const value = variableValue(name, look(name));
      values[name] = value.isSet
        ? value
        : { isSet: variableValue(`${name}_FILE`, look(`${name}_FILE`)).isSet };
    }
    return { values };
  });
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}

/** Reads variables as the node of a request would see them. */
export function lookup(RED: NodeAPI, body: Fields): (name: string) => unknown {
  const node = nodeLike(RED, { id: textOf(body.id), z: textOf(body.z) });
  return (name) => {
    const value: unknown = node === undefined ? process.env[name] : RED.util.getSetting(node, name);
    return value === `\${${name}}` ? undefined : value;
  };
}

/** The settings of a request with their variables filled in, as Node-RED does it when it starts a node. */
export function resolved(RED: NodeAPI, body: Fields): Fields {
  const look = lookup(RED, body);
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    const name = typeof value === 'string' ? /^\s*\$\{([^}]+)\}\s*$/.exec(value)?.[1] : undefined;
    return name === undefined ? value : (look(name) ?? value);
  };
  const entries = Object.entries(fieldsOf(body.config)).map(([name, value]) => [name, fill(value)]);
  return Object.fromEntries(entries);
}

/** The node itself if it runs, else one of the same tab: both see the same variables. */
function nodeLike(RED: NodeAPI, { id, z }: Place) {
  const own = id === null ? undefined : RED.nodes.getNode(id);
  if (own) return own;
  let neighbour: ReturnType<typeof RED.nodes.getNode> | undefined;
  RED.nodes.eachNode((other) => {
    if (neighbour) return;
    const isNear = z === null ? other.z === undefined : other.z === z;
    if (isNear) neighbour = RED.nodes.getNode(other.id) ?? undefined;
  });
  return neighbour;
}
