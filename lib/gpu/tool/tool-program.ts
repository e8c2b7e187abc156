import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';

/** Where the driver's tools lie although a service's PATH does not say so: NixOS, WSL, the container toolkit. */
export const USUAL_FOLDERS = [
  '/usr/bin',
  '/usr/local/bin',
  '/run/current-system/sw/bin',
  '/usr/lib/wsl/lib',
  '/usr/local/nvidia/bin',
] as const;

/**
 * The path of a program: a path as it is, a name from PATH and then from the usual folders.
 * @throws GpuError `binary-missing` or, when it is there and may not be started, `binary-not-runnable`
 */
export async function findProgram(
  program: string,
  env: NodeJS.ProcessEnv,
  usualFolders: readonly string[] = USUAL_FOLDERS,
): Promise<string> {
  const isPath = isAbsolute(program) || /[\\/]/.test(program);
  const folders = [...(env.PATH ?? '').split(delimiter), ...usualFolders].filter((folder) => folder !== '');
  const names = process.platform === 'win32' ? [program, `${program}.exe`] : [program];
  const paths = isPath ? [program] : folders.flatMap((folder) => names.map((name) => join(folder, name)));
  let isThere = false;
  for (const path of paths) {
    if (await may(path, constants.X_OK)) return path;
    isThere ||= await may(path, constants.F_OK);
  }
  throw isThere ? notRunnable(program) : missing(program);
}

/** What a failed start means for a program that was found. */
export function startError(program: string, code: string | undefined): GpuError {
  // The loader that the program asks for is missing: a glibc program on musl says the same as a missing file.
  if (code === 'ENOENT') return notRunnable(program);
  if (code === 'EACCES' || code === 'ENOEXEC') return notRunnable(program);
  return new GpuError('tool-failed', say`${program} could not be started (${code ?? say`unknown reason`}).`);
}

function missing(program: string): GpuError {
  return new GpuError(
    'binary-missing',
    say`${program} was not found. Install the tools of the NVIDIA driver, or type the path of the program.`,
  );
}

function notRunnable(program: string): GpuError {
  return new GpuError(
    'binary-not-runnable',
    say`${program} is there, but cannot be started. The tools of the NVIDIA driver need glibc: on Alpine use an image with Debian, or send the tool's output to this node.`,
  );
}

async function may(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false; // Not there, or not allowed: the next place may have it.
  }
}
