/**
 * What the server made of a manifest in its answer to our own apply. A server may write a value in another way than we do,
 * and a webhook may change it: that is nobody's hand, and applying again would not end. Known only until the worker ends;
 * the next one applies such an object once more and learns it again.
 */
import type { KubeObject } from '@compute/kube-client';
import { type ContentScope, ownedContent, wantedContent } from '../view/owned-content.ts';

export class NormalForms {
  readonly #contents = new Map<string, string>();

  remember(manifest: KubeObject, answer: KubeObject, scope?: ContentScope): void {
    const { uid = '' } = answer.metadata;
    const content = ownedContent(answer, scope);
    if (content === undefined || content === wantedContent(manifest, scope)) this.#contents.delete(uid);
    else this.#contents.set(uid, content);
  }

  /** Whether the object stands as the server answered our apply. */
  has(uid: string, content: string | undefined): boolean {
    return content !== undefined && this.#contents.get(uid) === content;
  }
}
