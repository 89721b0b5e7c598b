// zebrash's WASM build as a warm renderer, spoken to as tests/conformance/shim.py is: a job a line, an answer a line.
import fs from "node:fs";
import readline from "node:readline";
import { ready } from "zpl-renderer-js";

const { api } = await ready;
console.log(JSON.stringify({ ready: true }));
for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const zpl = fs.readFileSync(job.zpl, "utf8");
    const began = performance.now();
    const answer = { ok: true };
    try {
        const pictures = job.index
            ? await api.zplToBase64MultipleAsync(zpl, job.width_mm, job.height_mm, job.dpmm)
            : [await api.zplToBase64Async(zpl, job.width_mm, job.height_mm, job.dpmm)];
        answer.seconds = (performance.now() - began) / 1000;
        fs.writeFileSync(job.png, Buffer.from(pictures[job.index ?? 0], "base64"));
    } catch (error) {
        Object.assign(answer, { ok: false, error: String(error), seconds: (performance.now() - began) / 1000 });
    }
    console.log(JSON.stringify(answer));
}
