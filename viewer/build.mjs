// Bundles the viewer: `node build.mjs [folder] [digest of the sources]`.
// Nothing is fetched here or at run time; the licences of what is bundled stand at its head.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, "..", "stsbench", "widgets", "static");
const digest = process.argv[3] ?? "unversioned";

function licence(name) {
  const at = join(here, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(at, "LICENSE"), "utf8").trim()}`;
}

const notice = ["three", "three-mesh-bvh"].map(licence).join("\n\n");
const head = `/*! stsbench viewer, Apache-2.0; sources ${digest}`; // hatch_build.py reads the digest

for (const [name, banner] of [
  ["index", `${head}\nIt contains:\n\n${notice}\n*/`],
  ["loader", `${head}\n*/`],
]) {
  await build({
    absWorkingDir: here,
    entryPoints: { [name === "index" ? "viewer" : name]: `src/${name}.ts` },
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    charset: "ascii", // one Chinese sign would make the browser keep every letter in two bytes
    loader: { ".css": "text" },
    banner: { js: banner },
    logLevel: "warning",
  });
}
