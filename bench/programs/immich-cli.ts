import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPackage, type NodeProgram } from '../harness/node-program.js';
import { type Program, runProcess } from './program.js';

/** The official CLI as npm has it. */
export interface ImmichCli {
  readonly name: string;
  readonly run: Program;
}

/** The newest official CLI for a major version of Immich; undefined when npm cannot give it. */
export function immichCli(major: number, node: NodeProgram): ImmichCli | undefined {
  const folder = fetchPackage(`@immich/cli@${major}`);
  if (folder === undefined) return undefined;
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
    bin: Record<string, string>;
  };
  const program = join(folder, about.bin.immich ?? '');
  if (!existsSync(program)) return undefined;
  return {
    name: `CLI ${about.version}`,
    run({ server, files, concurrency, scratch }) {
      const env = {
        IMMICH_INSTANCE_URL: `${server.url}/api`,
        IMMICH_API_KEY: server.apiKey,
        IMMICH_CONFIG_DIR: join(scratch, 'immich-cli'),
      };
      const args = ['upload', '--no-progress', '--concurrency', String(concurrency), files.folder];
      return runProcess(node.path, [program, ...args], { env });
    },
  };
}
