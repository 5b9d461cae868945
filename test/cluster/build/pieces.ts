/**
 * The programs of the real cluster: what each is built from, and what a cold build of it costs. Only Go modules are used;
 * which versions is written in the go.mod beside the sources.
 */

/** A Go module below `go/`. */
export type GoModule = 'kubernetes' | 'kubevirt' | 'cdi';

export interface Piece {
  readonly name: string;
  readonly module: GoModule;
  /** Import path of the main package, or a folder of the module. */
  readonly source: string;
  /** Minutes on two cores with empty caches, in the order of this table. */
  readonly coldMinutes: number;
}

/** In the order of building: what comes later finds much of its work done. */
export const PIECES = [
  { name: 'kubernetes', module: 'kubernetes', source: '.', coldMinutes: 7 },
  { name: 'virt-controller', module: 'kubevirt', source: './virt-controller', coldMinutes: 5 },
  { name: 'virt-api', module: 'kubevirt', source: 'kubevirt.io/kubevirt/cmd/virt-api', coldMinutes: 2 },
  { name: 'kubevirt-manifests', module: 'kubevirt', source: './manifests', coldMinutes: 1 },
  { name: 'cdi-controller', module: 'cdi', source: './controller', coldMinutes: 4 },
  { name: 'cdi-crds', module: 'cdi', source: './crds', coldMinutes: 1 },
] as const satisfies readonly Piece[];

export type PieceName = (typeof PIECES)[number]['name'];

/** Definitions that the built programs write, by the folder that they are written to. */
export const DEFINITIONS: Readonly<Record<string, { readonly piece: PieceName; readonly args: readonly string[] }>> = {
  'crds/kubevirt': { piece: 'kubevirt-manifests', args: ['crds'] },
  'crds/cdi': { piece: 'cdi-crds', args: [] },
};
