// Measures how long @huggingface/gguf takes for the header of a GGUF file:
// gguf.mjs NODE_FOLDER RUNS FILE. It prints milliseconds of each run, as JSON.
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, runs, file] = process.argv.slice(2);
const { gguf } = await import(pathToFileURL(path.resolve(folder, "node_modules/@huggingface/gguf/dist/index.mjs")));
const times = [];
for (let i = 0; i < Number(runs); i++) {
	const begin = performance.now();
	await gguf(file, { allowLocalFile: true });
	times.push(performance.now() - begin);
}
console.log(JSON.stringify(times));
