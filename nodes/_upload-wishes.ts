import type { NodeMessage } from 'node-red';
import { asStableFile, type StableFile } from '../lib/media-file.js';
import type { OrganiseSettings } from '../lib/organise/organise-settings.js';
import { readWishes, type UploadWishes } from '../lib/organise/upload-wishes.js';
import { pathOf } from './_file-flow.js';
import type { NodeTools } from './_node-tools.js';

/** Reads the files of messages with what their flow wants for them, and remembers those that it refused. */
export function createWishes(tools: NodeTools<{ readonly organise: OrganiseSettings }>) {
  const refused = new Set<string>();
  const { timeZone } = tools.options.organise;
  return {
    /**
     * The stable file of a message, with the wishes in `msg.upload`.
     * @throws RecordError or WishError, each a sentence for a Catch node
     */
    fileIn(msg: NodeMessage & { upload?: unknown }): StableFile {
      // Wishes come from msg.upload alone: what a payload brings along was not looked at.
      const { wishes: _, ...file } = asStableFile(msg.payload);
      let wishes: UploadWishes | undefined;
      try {
        wishes = readWishes(msg.upload, timeZone);
      } catch (error) {
        refused.add(pathOf(msg).join(''));
        throw error;
      }
      refused.delete(file.path);
      return wishes === undefined ? file : { ...file, wishes };
    },
    /** Hands the refused files back: they come anew, through a flow that may be mended. */
    handBack() {
      tools.returnFiles([...refused]);
      refused.clear();
    },
  };
}
