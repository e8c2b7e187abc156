import { COMMAND_NAMES, type CommandName } from './command.js';
import type { Detail, PayloadOptions } from './detail.js';

/** What a bridge knows of itself. */
export interface BridgeFacts {
  readonly instance: string;
  /** Of this pack. */
  readonly version: string;
  readonly nodeVersion: string;
  /** Null where nobody says. */
  readonly nodeRedVersion: string | null;
  /** Where Home Assistant's document lies; null when discovery is off. */
  readonly discoveryTopic: string | null;
}

/** Who speaks here and what he can do, as it goes over the wire. */
export interface InfoPayload {
  readonly v: 1;
  readonly ts: string;
  readonly name: 'Immich Bridge';
  readonly instance: string;
  readonly version: string;
  readonly node_version: string;
  readonly node_red_version: string | null;
  readonly discovery_topic: string | null;
  /** How much is told of files. */
  readonly detail: Detail;
  /** The commands that `cmd/<name>` takes. */
  readonly commands: readonly CommandName[];
}

/** The payload that tells who speaks here; `ts` is when he began. */
export function infoPayload(
  { instance, version, nodeVersion, nodeRedVersion, discoveryTopic }: BridgeFacts,
  { detail = 'names', now = () => new Date() }: PayloadOptions = {},
): InfoPayload {
  return {
    v: 1,
    ts: now().toISOString(),
    name: 'Immich Bridge',
    instance,
    version,
    node_version: nodeVersion,
    node_red_version: nodeRedVersion,
    discovery_topic: discoveryTopic,
    detail,
    commands: COMMAND_NAMES,
  };
}
