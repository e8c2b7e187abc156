import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/node-red-process.js';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly wires?: readonly (readonly string[])[];
  readonly [setting: string]: unknown;
}

/** Where the second server hangs in the flow. */
const SECOND = { server: 'ib-server-2', upload: 'ib-upload-2' };

/** The shipped flow as JSON, with the shortest limits for a server that hangs; for two servers wired as flows/two-servers.json. */
export function flowFor(servers: number): string {
  const shipped = JSON.parse(
    readFileSync(join(projectRoot, 'flows/immich-bridge.json'), 'utf8'),
  ) as FlowNode[];
  const limits = { connectSeconds: '2', stallSeconds: '2' };
  const nodes = shipped.map((node) => (node.type === 'immich-server' ? { ...node, ...limits } : node));
  return JSON.stringify(servers === 1 ? nodes : nodes.flatMap(withSecond));
}

function withSecond(node: FlowNode): FlowNode[] {
  const { wires = [] } = node;
  const isBeforeUpload = wires.some((wire) => wire.includes('ib-upload'));
  if (isBeforeUpload) {
    const both = wires.map((wire) => (wire.includes('ib-upload') ? [...wire, SECOND.upload] : wire));
    return [{ ...node, wires: both }];
  }
  if (node.type === 'immich-server') {
    const named = { url: '${IMMICH_2_API_URL}', keyVariable: 'IMMICH_2_API_KEY' };
    return [node, { ...node, ...named, id: SECOND.server }];
  }
  if (node.type === 'immich-upload') {
    // The states and events of one are told.
    return [node, { ...node, id: SECOND.upload, server: SECOND.server, wires: [['ib-archive'], []] }];
  }
  if (node.type === 'archive-move') return [{ ...node, waitFor: '2' }];
  if (node.type === 'catch') return [{ ...node, scope: [...(node.scope as string[]), SECOND.upload] }];
  return [node];
}
