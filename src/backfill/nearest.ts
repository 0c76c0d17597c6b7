import { distance } from 'fastest-levenshtein';

/** The word that was probably meant: the nearest of those that differ in little, or undefined. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  const typed = word.toLowerCase();
  return words
    .map((candidate) => ({ candidate, changes: changesBetween(typed, candidate.toLowerCase()) }))
    .filter(({ changes }) => changes <= most)
    .sort((a, b) => a.changes - b.changes)[0]?.candidate;
}

/** Levenshtein's distance, except that two swapped letters, the most common typo, count as one change. */
function changesBetween(a: string, b: string): number {
  const changes = distance(a, b);
  return changes === 2 && sorted(a) === sorted(b) ? 1 : changes;
}

const sorted = (text: string): string => [...text].sort().join('');
