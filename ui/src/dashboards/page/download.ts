import { saveFile } from '../../charts/export';

/** Saves a document as a file of JSON. */
export function downloadJson(name: string, text: string): void {
  saveFile(`${name}.json`, new Blob([text], { type: 'application/json' }));
}
