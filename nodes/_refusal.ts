import type { NodeWork } from './_define-node.js';
import { type FileFlow, pathsOf } from './_file-flow.js';

/** What a node with wrong settings does: it refuses, and hands back what it refused when it is repaired. */
export function refusal(problem: Error, flow: FileFlow): NodeWork {
  const refused = new Set<string>();
  return {
    onInput(msg) {
      for (const path of pathsOf(msg)) refused.add(path);
      throw problem;
    },
    close: () => flow.handBack([...refused]),
  };
}
