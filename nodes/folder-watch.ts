import { settingText } from '../lib/settings.js';
import { atMostEvery } from '../lib/throttle.js';
import { type FolderWatchConfig, parseFolderSettings } from '../lib/watch/folder-settings.js';
import { type FolderWatchOptions, type FolderWatchState, watchFolders } from '../lib/watch/folder-watch.js';
import { obeyCommands } from './_command-answer.js';
import { defineNode } from './_define-node.js';
import { offerFolderCheck } from './_editor-folder-check.js';
import { settledFilesOf } from './_file-parts.js';
import { showStatus, waitingIn, warn } from './_watch-report.js';

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

/** Files of one folder that are in the hands of other nodes; each costs some kilobytes there. */
const MOST_ON_THEIR_WAY = 2_000;

export default defineNode<Config, Options>('folder-watch', {
  offer: offerFolderCheck,
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
    tools.shows({ stage: 'found', waiting: () => waitingIn(watch.report()) });

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
