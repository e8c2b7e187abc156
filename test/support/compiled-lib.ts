import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * Compiles lib/ into a folder, so that a process of its own (one that a test kills, say) can import it.
 * @returns the folder of the .js files
 */
export async function compileLib(into: string): Promise<string> {
  const lib = join(into, 'lib');
  await mkdir(lib, { recursive: true });
  await writeFile(join(into, 'package.json'), '{ "type": "module" }');
  await symlink(join(ROOT, 'node_modules'), join(into, 'node_modules'));
  for (const name of await readdir(join(ROOT, 'lib'))) {
    if (!name.endsWith('.ts')) {
      await cp(join(ROOT, 'lib', name), join(lib, name), { recursive: true });
      continue;
    }
    const { outputText } = ts.transpileModule(await readFile(join(ROOT, 'lib', name), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    await writeFile(join(lib, name.replace(/\.ts$/, '.js')), outputText);
  }
  return lib;
}
