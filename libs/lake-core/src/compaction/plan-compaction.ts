/** A live data file, as compaction weighs it. */
export interface CompactionFile {
  /** Files are merged within a group only: a partition. */
  readonly group: string;
  readonly bytes: number;
  /** Rows in the file, deleted ones included. */
  readonly rows: number;
  readonly deletedRows: number;
}

/** When files are worth to be rewritten. */
export interface CompactionRules {
  /** A file of so many bytes, or of so many rows, is as large as files should be. */
  readonly targetBytes: number;
  readonly targetRows: number;
  /** So many files of one size class are merged. */
  readonly minFiles: number;
  /** Files whose sizes differ by less than this factor are of one class; Infinity: all are. */
  readonly sizeRatio: number;
  /** A file with this share of deleted rows, or more, is rewritten without them. */
  readonly deletedShare: number;
}

/** At this part of the wanted size a file is large enough. */
const LARGE_ENOUGH = 0.5;
/** Class of the smallest files, and of those without a live row. */
const SMALLEST_CLASS = 12;

/**
 * The files to rewrite together, each list into about one file, none of them in two lists. Files
 * keep the order in which they are given, which should be that of their making.
 *
 * Small files are merged by size class, so that a row is rewritten once for each class that it
 * rises and not at every merge: with a ratio of 10, four times between 10 kB and 100 MB. A table
 * has at most `minFiles - 1` files of each class then. A file with many deleted rows is rewritten
 * alone when it is of the largest class or more; smaller ones are rid of them as they are merged.
 */
export function planCompaction<T extends CompactionFile>(
  files: readonly T[],
  rules: CompactionRules,
): T[][] {
  const groups = new Map<string, T[]>();
  for (const file of files) {
    const group = groups.get(file.group);
    if (group) group.push(file);
    else groups.set(file.group, [file]);
  }
  return [...groups.values()].flatMap((group) => planGroup(group, rules));
}

function planGroup<T extends CompactionFile>(files: readonly T[], rules: CompactionRules): T[][] {
  const merged = new Set(smallFiles(files, rules));
  const worn = new Set(files.filter((file) => isWorn(file, rules)));
  const isWorthwhile = (bin: readonly T[]): boolean =>
    bin.length > 1 || bin.some((file) => worn.has(file));
  return pack(
    files.filter((file) => merged.has(file) || worn.has(file)),
    rules,
  ).filter(isWorthwhile);
}

/** The files of the largest class that has enough of them, and all smaller ones. */
function smallFiles<T extends CompactionFile>(files: readonly T[], rules: CompactionRules): T[] {
  const small = files.filter((file) => liveSize(file, rules) < LARGE_ENOUGH);
  const classes = small.map((file) => sizeClass(liveSize(file, rules), rules.sizeRatio));
  const counts = new Array<number>(SMALLEST_CLASS + 1).fill(0);
  for (const of of classes) counts[of] = (counts[of] ?? 0) + 1;
  const largest = counts.findIndex((count) => count >= rules.minFiles);
  if (largest < 0) return [];
  return small.filter((_, i) => (classes[i] ?? 0) >= largest);
}

function isWorn(file: CompactionFile, rules: CompactionRules): boolean {
  const { rows, deletedRows } = file;
  if (deletedRows === 0 || deletedRows < rules.deletedShare * rows) return false;
  return physicalSize(file, rules) >= 1 / rules.sizeRatio;
}

/** Lists of neighbours that fill one file each. */
function pack<T extends CompactionFile>(files: readonly T[], rules: CompactionRules): T[][] {
  const bins: T[][] = [];
  let bin: T[] = [];
  let filled = 0;
  for (const file of files) {
    const size = liveSize(file, rules);
    if (bin.length > 0 && filled + size > 1) {
      bins.push(bin);
      bin = [];
      filled = 0;
    }
    bin.push(file);
    filled += size;
  }
  if (bin.length > 0) bins.push(bin);
  return bins;
}

/** Part of the wanted size that a file has, by bytes or by rows, whichever is more. */
function physicalSize({ bytes, rows }: CompactionFile, rules: CompactionRules): number {
  return Math.max(bytes / rules.targetBytes, rows / rules.targetRows);
}

/** The same for its live rows alone. */
function liveSize(file: CompactionFile, rules: CompactionRules): number {
  const { rows, deletedRows } = file;
  const live = rows === 0 ? 0 : Math.max(0, rows - deletedRows) / rows;
  return physicalSize(file, rules) * live;
}

function sizeClass(size: number, ratio: number): number {
  if (ratio === Infinity) return 0;
  if (size <= 0) return SMALLEST_CLASS;
  return Math.min(SMALLEST_CLASS, Math.floor(-Math.log(size) / Math.log(ratio)));
}
