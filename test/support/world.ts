import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type ClientOptions, createImmichClient, type ImmichClient } from '../../lib/immich/immich-client.js';
import type { StableFile } from '../../lib/media-file.js';
import { whenOver } from './ending.js';
import { type StandIn, type StandInOptions, startImmichStandIn } from './immich-stand-in.js';

/** A folder of this test's own, removed after it, however late something that is being closed still writes there. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'immich-bridge-'));
  whenOver(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** A stand-in for Immich of this test's own, stopped after it. */
export async function standIn(options: StandInOptions = {}): Promise<StandIn> {
  const server = await startImmichStandIn(options);
  whenOver(() => server.stop());
  return server;
}

/** A client of a stand-in, with limits short enough for a test. */
export function clientOf(server: StandIn, options: Partial<ClientOptions> = {}): ImmichClient {
  const client = createImmichClient({
    baseUrl: `${server.url}/api`,
    apiKey: server.apiKey,
    connectMs: 1_000,
    stallMs: 300,
    answerMs: 300,
    ...options,
  });
  whenOver(() => client.close());
  return client;
}

/** Writes a file and returns its record as stable-file would send it. */
export async function stableFile(path: string, content: string | Buffer): Promise<StableFile> {
  writeFileSync(path, content);
  return stableRecord(path);
}

/** The record that stable-file would send for a file as it lies there now. */
export async function stableRecord(path: string): Promise<StableFile> {
  const { size, mtimeMs } = await stat(path);
  const at = new Date().toISOString();
  return {
    path,
    folder: dirname(path),
    relativePath: basename(path),
    sizeBytes: size,
    mtimeMs,
    foundAt: at,
    stableAt: at,
    quietMs: 20,
    hasVideoCheck: true,
  };
}

/** SHA-1 as the records write it. */
export function sha1Of(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex');
}
