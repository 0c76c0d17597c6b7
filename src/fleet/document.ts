import { isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';

/** A YAML text, its values, and the position of each of them in the text. */
export class YamlDocument {
  private readonly lines = new LineCounter();
  private readonly document;

  constructor(text: string) {
    // The library's own excerpts could show a secret that should not be in the file.
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
  }

  /** Errors, and anything that makes the text mean something else than it seems to, each as `line:column: what is wrong`. */
  get syntaxProblems(): string[] {
    const { errors, warnings } = this.document;
    const problems = [...errors, ...warnings].map(({ pos, code, message }) => {
      return `${this.position(pos[0])}: ${CLEARER[code] ?? message}`;
    });
    visit(this.document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.document)) return;
        problems.push(`${this.position(startOf(alias)!)}: expected an &${alias.source} before this *${alias.source}`);
      },
    });
    return problems;
  }

  /** @throws Error if its aliases expand to an absurd amount of data */
  toJS(): unknown {
    return this.document.toJS();
  }

  /**
   * `line:column` of the value at this path: of its name if the value is a block of lines or if `name` is set, and of the
   * nearest existing parent if it is absent.
   */
  positionOf(path: readonly PropertyKey[], { name = false } = {}): string {
    let node: unknown = this.document.contents;
    let offset = startOf(node) ?? 0;
    for (const [i, part] of path.entries()) {
      const entry = this.entryAt(node, part);
      if (!entry) break;
      const nameStart = startOf(entry.name);
      const useValue = i === path.length - 1 && !name && hasOwnPosition(entry.value);
      offset = (useValue ? undefined : nameStart) ?? startOf(entry.value) ?? nameStart ?? offset;
      node = entry.value;
    }
    return this.position(offset);
  }

  private entryAt(node: unknown, part: PropertyKey): { name?: unknown; value: unknown } | undefined {
    const collection = isAlias(node) ? node.resolve(this.document) : node;
    if (isMap(collection)) {
      const pair = collection.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part));
      return pair && { name: pair.key, value: pair.value };
    }
    if (isSeq(collection) && Number(part) < collection.items.length) return { value: collection.items[Number(part)] };
    return undefined;
  }

  private position(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${line}:${col}`;
  }
}

const CLEARER: Record<string, string> = {
  DUPLICATE_KEY: 'expected each name once, got it a second time',
  MULTIPLE_DOCS: 'expected one document, got a second one after ---',
};

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];

/** Whether a value has its own position: not a block, which starts with another value, and not an empty value. */
function hasOwnPosition(node: unknown): boolean {
  if (isCollection(node)) return node.flow === true;
  return isAlias(node) || (isScalar(node) && !!node.range && node.range[0] < node.range[1]);
}
