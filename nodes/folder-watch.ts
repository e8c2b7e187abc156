import { basename } from 'node:path';
import { settingText } from '../lib/settings.js';
import { atMostEvery } from '../lib/throttle.js';
import type { FolderProblem } from '../lib/watch/folder-look.js';
import { type FolderWatchConfig, parseFolderSettings } from '../lib/watch/folder-settings.js';
import {
  type FolderWatchOptions,
  type FolderWatchReport,
  type FolderWatchState,
  watchFolders,
} from '../lib/watch/folder-watch.js';
import { obeyCommands } from './_command-answer.js';
import { defineNode } from './_define-node.js';
import { settledFilesOf } from './_file-parts.js';
import type { NodeTools } from './_node-tools.js';

interface Config extends FolderWatchConfig {
  readonly server?: string;
}

interface Options extends FolderWatchOptions {
  readonly server: string | undefined;
}

/** What this node needs of an immich-server node. */
interface Server {
  mediaExtensions(): Promise<readonly string[] | undefined>;
}

const LONGEST_STATUS = 19;

/** Files of one folder that are in the hands of other nodes; each costs some kilobytes there. */
const MOST_ON_THEIR_WAY = 2_000;

export default defineNode<Config, Options>('folder-watch', {
  parse: (config) => ({ ...parseFolderSettings(config), server: settingText(config.server) }),
  create(tools) {
    const { options, signal, load } = tools;
    const { server } = options;
    const watch = watchFolders(
      {
        ...options,
        room: (folder) => MOST_ON_THEIR_WAY - load.inHand(folder),
        areSettled: settledFilesOf(tools),
        askExtensions: server ? async () => tools.workOf<Server>(server)?.mediaExtensions() : undefined,
      },
      {
        onFound: (file) => tools.send([{ topic: 'file/found', filename: file.path, payload: file }, null]),
        onProblem: (problem) => warn(tools, problem),
        onChange: (isReady) => (isReady ? tell() : show()),
      },
      signal,
    );
    let told = '';
    const tell = () => {
      const report = watch.report();
      const text = JSON.stringify(report);
      if (text === told) return;
      told = text;
      showStatus(tools, report);
      const payload: FolderWatchState = { node: tools.id, ...report };
      tools.send([null, { topic: 'watch/state', payload }]);
    };
    const show = atMostEvery(1000, signal, tell);
    tools.onStateWanted(() => {
      told = '';
      show();
    });
    tools.onReturnedFiles(watch.forget);
    load.keepsBack(watch.keptBack, signal);

    const obey = obeyCommands(tools, {
      pause: watch.pause,
      resume: watch.resume,
      rescan: (payload) => watch.rescan(isAll(payload)),
    });

    return {
      onInput(msg) {
        const answer = obey(msg);
        show();
        return answer;
      },
      close: () => watch.ended,
    };
  },
});

function isAll(payload: unknown): boolean {
  if (typeof payload === 'object' && payload !== null) return 'all' in payload && payload.all === true;
  return payload === 'all';
}

function showStatus(tools: NodeTools<Options>, { state, folders }: FolderWatchReport): void {
  const files = folders.reduce((sum, { fileCount }) => sum + fileCount, 0);
  const waiting = folders.reduce((sum, folder) => sum + folder.waiting, 0);
  const missing = folders.filter((folder) => folder.state === 'missing');
  const [first] = missing;
  if (folders.length === 0) tools.status('grey', 'no-folder');
  else if (state === 'paused') tools.status('grey', 'paused');
  else if (folders.some((folder) => folder.state === 'unreadable')) tools.status('red', 'unreadable');
  else if (folders.some((folder) => folder.state === 'skipped')) tools.status('red', 'skipped');
  else if (state === 'scanning') tools.status('blue', 'scanning', { files });
  else if (first === undefined && waiting > 0) tools.status('blue', 'waiting', { files: waiting });
  else if (first === undefined) tools.status('green', 'watching', { files });
  else if (missing.length > 1) tools.status('yellow', 'missing-many', { folders: missing.length });
  else {
    const folder = basename(first.path);
    const fits = `missing: ${folder}`.length <= LONGEST_STATUS;
    tools.status('yellow', fits ? 'missing-named' : 'missing', { folder });
  }
}

function warn(tools: NodeTools<Options>, { kind, path, detail }: FolderProblem): void {
  const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  tools.log('warn', kind, {
    path,
    detail,
    size: megabytes(Number(detail)),
    limit: megabytes(tools.options.maxBytes),
  });
}
