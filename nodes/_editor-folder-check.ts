import { homedir } from 'node:os';
import type { NodeAPI } from 'node-red';
import { textOf } from '../lib/fields.js';
import { say } from '../lib/say.js';
import { SettingError, settingList, settingText } from '../lib/settings.js';
import { checkFailedFolder, type Watch } from '../lib/verify/failed-folder.js';
import type { Finding } from '../lib/verify/finding.js';
import { checkArchiveFolder, checkWatchFolder } from '../lib/verify/folder-check.js';
import { mediaExtensions } from '../lib/watch/extensions.js';
import { type FolderWatchConfig, fullPath, parseFolderSettings } from '../lib/watch/folder-settings.js';
import { editorEndpoint } from './_editor-endpoint.js';
import { resolved } from './_editor-values.js';
import { worksByNode } from './_node-tools.js';

/** What is said of one folder, and below which field of the dialog. */
interface FolderAnswer extends Omit<Finding, 'area'> {
  readonly field: string;
}

interface Server {
  mediaExtensions(): Promise<readonly string[] | undefined>;
}

const MOST_FOLDERS = 50;

/** Looks at the folders of a dialog as they are typed: are they there, can they be used, what waits in them. */
export function offerFolderCheck(RED: NodeAPI): void {
  editorEndpoint(RED, 'folders', async (body, signal) => {
    const config = resolved(RED, body);
    const folders: FolderAnswer[] = [];
    const type = textOf(body.type);
    const isWatch = type === 'folder-watch';
    for (const path of isWatch ? settingList(config.folders).slice(0, MOST_FOLDERS) : []) {
      const filter = await filterOf(RED, config);
      folders.push(await answer('folders', path, (full) => checkWatchFolder(full, filter, signal)));
    }
    const mode = settingText(config.mode)?.toLowerCase();
    const archive = mode === 'keep' || mode === 'delete' ? undefined : settingText(config.archiveFolder);
    if (archive !== undefined) folders.push(await answer('archiveFolder', archive, checkArchiveFolder));
    const failed = type === 'immich-upload' ? settingText(config.failedFolder) : undefined;
    if (failed !== undefined) {
      const check = (path: string) => checkFailedFolder(path, { watches: watchesIn(RED) });
      folders.push(await answer('failedFolder', failed, check));
    }
    return { folders };
  });
}

/** What the deployed folder-watch nodes look into; a setting that cannot be used is none. */
function watchesIn(RED: NodeAPI): Watch[] {
  const watches: Watch[] = [];
  RED.nodes.eachNode((node) => {
    if (node.type !== 'folder-watch' || !RED.nodes.getNode(node.id)) return;
    const { folders, isRecursive, failedFolder } = parsedOr(resolved(RED, { ...node, config: node }));
    watches.push({ folders, isRecursive, failedFolder });
  });
  return watches;
}

/** Settings that cannot be used are told at their own fields: here the defaults stand for them. */
async function filterOf(RED: NodeAPI, config: Record<string, unknown>) {
  const { folders: _, ...rest } = config as FolderWatchConfig & { folders?: unknown };
  const filter = parsedOr({ ...rest });
  if (filter.extensions !== undefined) return filter;
  const server = RED.nodes.getNode(textOf(config.server) ?? '');
  const work = server ? (worksByNode.get(server) as Partial<Server> | undefined) : undefined;
  const extensions = await work?.mediaExtensions?.();
  return extensions === undefined ? filter : { ...filter, extensions: mediaExtensions(extensions) };
}

function parsedOr(config: FolderWatchConfig) {
  try {
    return parseFolderSettings(config);
  } catch (error) {
    if (error instanceof SettingError) return parseFolderSettings({});
    throw error;
  }
}

async function answer(
  field: string,
  written: string,
  check: (path: string) => Promise<Finding>,
): Promise<FolderAnswer> {
  try {
    const { area: _, ...found } = await check(fullPath(say`Folders`, written, homedir()));
    return { field, ...found, check: written };
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    return { field, check: written, verdict: 'problem', found: error.message };
  }
}
