"""Give the package damaged and hostile input, and count what becomes of it.

sounds   mutated sound files, in folders: tags, spectrogram images and audio features of all of them
tables   mutated tables in several formats, through load_Data and prepare_df
models   saved models whose weights or model.json were changed, loaded and asked for predictions; half of them have a
         checksum that fits
answers  mutated answers of Spotify's API, exported
kills    jobs that are killed at random moments and started again, compared with an undisturbed run

Every trial ends in one of these: `used` (there is a result), `named` (it is in the list of skipped files, or there is a
clear error), `raw error` (an error that explains nothing), `lost` (neither in the result nor in the list), `crash`,
`hang`. Only the first two are good; of the kills, only `same`.

With the default numbers of trials it takes about an hour on two cores.
"""

import argparse
import collections
import contextlib
import functools
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sources.files import write_table

TRIALS = {"sounds": 1000, "tables": 500, "models": 100, "answers": 1000, "kills": 20}
JOBS = ("images", "features", "embeddings", "labels", "export", "training")
FOLDER_SIZE = 50
"""Sound files in a folder."""
LONGEST = 120
"""Seconds after which a trial counts as hung."""


def main():
    options = read_options()
    if options.child:
        return run_child(options.child, options.first, options.last, options.seed)
    if options.job:
        return JOBS_BY_NAME[options.job](Path(options.folder), options.address)
    counts = []
    for kind in options.kinds:
        started = time.perf_counter()
        number = options.trials or TRIALS[kind]
        if kind == "kills":
            rows = kill_jobs(options.jobs, number, options.seed)
        elif kind == "sounds":
            rows = {"sound files": fuzz_sounds(options.sounds, number, options.seed)}
        else:
            rows = {kind: in_children(kind, number, options.seed)}
        counts += [{"what": what} | row for what, row in rows.items()]
        print(f"{kind}: {dict(collections.ChainMap(*counts[-1:]))}, {time.perf_counter() - started:.0f} s", flush=True)
    table = pd.DataFrame(counts).set_index("what").fillna(0).astype(int)
    print(write_table(table.reset_index(), Path(options.out) / "fuzz.csv"))
    print(table.to_string())
    return None


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(TRIALS), metavar="KIND", help=f"of {', '.join(TRIALS)}")
    parser.add_argument("--trials", type=int, help=f"of each kind (default: {TRIALS}; kills are of each job)")
    parser.add_argument("--jobs", nargs="*", default=JOBS, choices=JOBS, help="jobs that are killed")
    parser.add_argument("--sounds", help="a folder of sound files to mutate (default: synthetic sounds)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="results", help="folder for the table of counts (default: %(default)s)")
    for name in ("child", "job", "folder", "address"):  # for the processes that this script starts
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    for name in ("first", "last"):
        parser.add_argument(f"--{name}", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


# ---- mutations

NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x01", b"\x80\0\0\0")


def mutate_bytes(content, rng):
    """Bytes that were changed in one to four places, cut, or enlarged."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        n = len(content)
        if not n:
            break
        at = rng.randrange(n) if rng.random() < .4 else rng.randrange(min(n, 256))  # headers matter most
        change = rng.choice(["byte", "bytes", "number", "cut", "zeros", "insert", "repeat", "remove"])
        if change == "byte":
            content[at] = rng.randrange(256)
        elif change == "bytes":
            content[at:at + 16] = rng.randbytes(16)
        elif change == "number":
            content[at:at + 4] = rng.choice(NUMBERS)
        elif change == "cut":
            del content[at if rng.random() < .3 else rng.randrange(n):]
        elif change == "zeros":
            size = rng.choice([16, 4096])
            content[at:at + size] = bytes(size)
        elif change == "insert":
            content[at:at] = rng.randbytes(rng.choice([1, 7, 1024]))
        elif change == "repeat":
            content[at:at] = content[at:at + 2048]
        else:
            del content[at:at + rng.choice([1, 4, 1024])]
    return bytes(content)


ODD_VALUES = (None, [], {}, 0, -1, 1e18, 10 ** 9, float("nan"), float("inf"), "", "x", "\ud800", True, [[]], [None],
              {"a": 1}, "x" * 10 ** 5)


def mutate_json(value, rng):
    """A value of JSON in which one part is lacking or something else."""
    value = json.loads(json.dumps(value))
    parents = [([value], 0)]
    for parent, key in parents:
        part = parent[key]
        parts = part.keys() if isinstance(part, dict) else range(min(len(part), 4)) if isinstance(part, list) else ()
        parents += [(part, inside) for inside in parts]
    parent, key = rng.choice(parents)
    if isinstance(parent, dict) and rng.random() < .2:
        del parent[key]
        return value
    parent[key] = rng.choice(ODD_VALUES)
    return parent[key] if parent is parents[0][0] else value


# ---- sound files

def sound_seeds(folder):
    """Sound files of several formats to mutate: the paths."""
    if folder:
        from sources.table_files import AUDIO_SUFFIXES
        paths = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in AUDIO_SUFFIXES]
        return random.Random(0).sample(paths, min(40, len(paths)))
    from sound_files import write_song
    made = Path(tempfile.mkdtemp())
    formats = {"wav": {}, "flac": {}, "ogg": {}, "mp3": {}, "aiff": {}, "float.wav": {"subtype": "FLOAT"},
               "opus": {"format": "OGG", "subtype": "OPUS"}}
    paths = [write_song(made / f"{number}.{ending}", 4, 44_100 if ending != "opus" else 48_000, seed=number,
                        channels=1 + number % 2, **more) for number, (ending, more) in enumerate(formats.items())]
    if shutil.which("ffmpeg"):
        subprocess.run(["ffmpeg", "-v", "error", "-i", paths[0], made / "a.m4a"], check=True)
        paths.append(made / "a.m4a")
    return [Path(path) for path in paths]


def fuzz_sounds(folder, number, seed):
    """Mutate sound files, folder by folder; returns the counts."""
    seeds, counts = sound_seeds(folder), collections.Counter()
    for first in range(0, number, FOLDER_SIZE):
        with tempfile.TemporaryDirectory() as name:
            songs = Path(name) / "songs"
            for place in range(first, min(first + FOLDER_SIZE, number)):
                write_mutated_sound(songs, place, seeds, random.Random(f"{seed} {place}"))
            command = [sys.executable, __file__, "--child", "sounds", "--folder", name]
            counts.update(outcomes_of_folder(command, name, len(list(songs.rglob("*.*")))))
        print(f"  {min(first + FOLDER_SIZE, number)} sound files: {dict(counts)}", flush=True)
    return counts


def write_mutated_sound(folder, number, seeds, rng):
    source = rng.choice(seeds)
    content = mutate_bytes(source.read_bytes(), rng) if rng.random() < .97 else b""
    ending = source.suffix if rng.random() < .9 else rng.choice([".mp3", ".wav", ".ogg", ".flac", ".m4a"])
    path = folder / f"genre {number % 3}" / f"{number}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def outcomes_of_folder(command, folder, n):
    """The outcomes of all files of a folder, from a process of its own."""
    try:
        done = subprocess.run([*command, "--folder", folder], capture_output=True, text=True, timeout=10 * LONGEST)
    except subprocess.TimeoutExpired:
        return {"hang": n}
    if done.returncode < 0:
        return {"crash": n}
    if done.returncode:
        print(done.stderr[-600:], flush=True)
        return {"raw error": n}
    print("\n".join(line[:300] for line in done.stderr.splitlines() if "could not be processed" in line), flush=True)
    return collections.Counter(json.loads(done.stdout.splitlines()[-1]))


def use_sounds(folder):
    """Read tags, make images and features of all songs of a folder; prints the outcome of each file."""
    from audio import write_spectrograms
    from features import extract_features
    from sources.table_files import read_folder
    songs = sorted(path for path in (folder / "songs").rglob("*.*") if path.is_file())
    tracks = read_folder(folder / "songs")
    tables = [write_spectrograms(tracks, folder / "out", segment_seconds=3, n_jobs=2),
              extract_features(tracks, n_jobs=2)]
    reasons = {entry["path"]: entry["reason"] for table in (tracks, *tables) for entry in table.attrs["skipped"]}
    pictures, described = set(tables[0]["source"]), set(tables[1]["path"])
    outcomes = []
    for path in map(str, songs):
        if "ends the program" in reasons.get(path, ""):
            outcomes.append("crash")  # of a worker: the run goes on
        else:
            outcomes.append("used" if path in pictures & described else "named" if path in reasons else "lost")
    assert all(Path(path).exists() for path in tables[0]["path"])
    for reason in sorted({reason for reason in reasons.values() if "could not be processed" in reason}):
        print("   ", " ".join(reason.split()), file=sys.stderr)
    print(json.dumps(outcomes))


# ---- trials in children

def in_children(kind, number, seed):
    """The outcomes of trials, run one after the other in a process that may crash or hang."""
    counts, first = collections.Counter(), 0
    while first < number:
        command = [sys.executable, __file__, "--child", kind, "--first", str(first), "--last", str(number), "--seed",
                   str(seed)]
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
            seen, since = 0, time.monotonic()
            while process.poll() is None and time.monotonic() - since < LONGEST:
                time.sleep(.2)
                size = os.fstat(out.fileno()).st_size
                seen, since = (size, time.monotonic()) if size != seen else (seen, since)
            hung = process.poll() is None
            process.kill()
            process.wait()
            out.seek(0)
            outcomes = [line.split("\t") for line in out.read().splitlines() if line.startswith("outcome\t")]
        for _, outcome, what in outcomes:
            counts[outcome] += 1
            if outcome not in ("used", "named"):
                print(f"  {kind}: {outcome}: {what}", flush=True)
        first += len(outcomes)
        if first < number:
            counts["hang" if hung else "crash"] += 1
            print(f"  {kind}: trial {first} {'hangs' if hung else 'crashes'}", flush=True)
            first += 1
    return counts


def run_child(kind, first, last, seed):
    """Run trials of one kind, and print the outcome of each."""
    warnings.simplefilter("ignore")
    if kind == "sounds":
        return use_sounds(Path(read_options().folder))
    with tempfile.TemporaryDirectory() as folder:
        trial, clear = {"tables": table_trials, "models": model_trials, "answers": answer_trials}[kind](Path(folder))
        for number in range(first, last):
            rng, what = random.Random(f"{seed} {number}"), ""
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    trial(rng)
                outcome = "used"
            except clear as error:
                outcome, what = "named", str(error)
                if not what or kind == "tables" and "songs." not in what:  # it should name the file
                    outcome, what = "raw error", f"trial {number}: {type(error).__name__}: {error}"
            except Exception as error:
                outcome, what = "raw error", f"trial {number}: {type(error).__name__}: {error}"
            print("outcome", outcome, " ".join(what.split())[:300], sep="\t", flush=True)
    return None


# ---- tables

CELLS = ("", " ", "1e999", "-1e999", "nan", "=1+1", "@x", "x" * 100_000, "a\nb", 'a"b', "a,b;c\td", "\0", "\u202etxt",
         "😀" * 50, "<script>", "$x_{", "None", "9" * 400, "0x1F", "1998-13-45", "[['a'], {", "-0", "½", "٣", "1,234.5")


def table_trials(folder):
    from prepare import load_Data, prepare_df
    from preprocessing import create_features
    from synth.sample_table import make_table
    seed = make_table(60)

    def trial(rng):
        path = write_mutated_table(seed.copy(), folder, rng)
        create_features(prepare_df(load_Data(path)))
        shutil.rmtree(folder)
        folder.mkdir()
    return trial, (ValueError, FileNotFoundError)


def write_mutated_table(df, folder, rng):
    """A table with odd cells or columns, in one of several formats, half of them with changed bytes."""
    df = df.astype(object)
    for _ in range(rng.choice([0, 1, 3, 30])):
        df.iat[rng.randrange(len(df)), rng.randrange(df.shape[1])] = rng.choice(CELLS)
    columns = list(df.columns)
    change = rng.choice(["", "", "drop", "twice", "odd", "many", "empty"])
    if change == "drop":
        df = df.drop(columns=rng.sample(columns, rng.randint(1, len(columns) - 1)))
    elif change == "twice":
        df[rng.choice(["song ", "Song", "track_name", "artist"])] = "x"
    elif change == "odd":
        df = df.rename(columns={rng.choice(columns): rng.choice(CELLS)})
    elif change == "many":
        df = pd.concat([df, pd.DataFrame(0, index=df.index, columns=[f"c{n}" for n in range(5000)])], axis=1)
    elif change == "empty":
        df = df.head(0)
    name, content = formatted(df, rng)
    content = mutate_bytes(content, rng) if rng.random() < .5 else content
    (folder / name).write_bytes(content)
    return folder / name


def formatted(df, rng):
    """A name and the bytes of a table in one of several formats."""
    kind = rng.choice(["csv", "csv", "tsv", "semicolon", "utf-16", "latin-1", "parquet", "nested", "gz", "zip"])
    if kind in ("parquet", "nested"):
        if kind == "nested":
            df = df.assign(genre=[rng.choice([["a", "b"], [], None]) for _ in range(len(df))],
                           album=[{"name": "x", "id": 3}] * len(df))
        table = df.map(lambda cell: cell if isinstance(cell, (list, dict)) or cell is None else str(cell))
        buffer = io.BytesIO()
        table.loc[:, ~table.columns.duplicated()].to_parquet(buffer)
        return "songs.parquet", buffer.getvalue()
    separator = {"tsv": "\t", "semicolon": ";"}.get(kind, ",")
    encoding = kind if kind in ("utf-16", "latin-1") else "utf-8"
    content = df.to_csv(index=False, sep=separator).encode(encoding, errors="replace")
    if kind == "gz":
        return "songs.csv.gz", gzip.compress(content)
    if kind == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(rng.choice(["songs.csv", "../songs.csv", "/etc/songs.csv", "a/b.csv"]), content)
        return "songs.zip", buffer.getvalue()
    return "songs.csv", content


# ---- saved models

def model_trials(folder):
    from synthetic_images import table

    import models
    from learning.persistence import ModelError
    from starter_models import FOLDER
    X, y = table(90)
    multi_hot = (y[:, None] == np.unique(y)).astype(int)
    kinds = {"forest": {"n_trees": 5}, "knn": {}, "svm": {}, "linear": {}, "mlp": {"epochs": 1, "verbose": False}}
    folders = [models.save(models.build(kind, **more).fit(X, y), folder / kind) for kind, more in kinds.items()]
    for kind in ("forest", "knn", "svm"):
        model = models.build(kind, **kinds[kind]).fit(X, multi_hot)
        folders.append(models.save(model, folder / f"several {kind}"))
    folders.append(Path(FOLDER) / "music")

    def trial(rng):
        source = rng.choice(folders)
        copy = shutil.copytree(source, folder / "copy", dirs_exist_ok=True)
        try:
            change_model(copy, rng)
            model = models.load(copy)
            rows = embedding_rows() if source.name == "music" else X
            try:
                proba = model.predict_proba(rows)
            except ValueError as error:  # a name that was changed, which the rows do not have
                if "columns that the model was trained on are missing" not in str(error):
                    raise
                raise ModelError(str(error)) from None
            if not (np.isfinite(proba).all() and (proba >= 0).all() and (proba <= 1 + 1e-6).all()):
                raise AssertionError(f"{source.name}: probabilities that are none")
        finally:
            shutil.rmtree(copy)
    return trial, ModelError


@functools.cache
def embedding_rows():
    from learning.pretrained import embedding_columns, tag_columns
    columns = [*embedding_columns(), *tag_columns()]
    return pd.DataFrame(np.random.default_rng(0).random((4, len(columns))), columns=columns)


def change_model(folder, rng):
    """Change the weights or the note of a saved model; mostly with a checksum that fits."""
    note = json.loads((folder / "model.json").read_text())
    weights = folder / note["weights"]
    what = rng.choice(["weights", "arrays", "arrays", "note", "note bytes"])
    if what == "note bytes":
        (folder / "model.json").write_bytes(mutate_bytes((folder / "model.json").read_bytes(), rng))
        return
    if what == "note":
        part = rng.choice(["learned", "parameters", "whole"])
        note = mutate_json(note, rng) if part == "whole" else note | {part: mutate_json(note[part], rng)}
    elif what == "weights":
        weights.write_bytes(mutate_bytes(weights.read_bytes(), rng))
    else:
        change_members(weights, rng)
    if isinstance(note, dict) and rng.random() < .7:
        note["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(note))


def change_members(weights, rng):
    """Change bytes of the files inside a zip file of weights, whose own checksums are made to fit."""
    with zipfile.ZipFile(weights) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in rng.sample(sorted(members), min(len(members), rng.randint(1, 3))):
        content = bytearray(members[name])
        for _ in range(rng.randint(1, 8)):  # behind the header, most of the time: numbers of trees and arrays
            at = rng.randrange(min(128, len(content) - 1) if rng.random() < .9 else 0, len(content))
            content[at] = rng.randrange(256)
        members[name] = bytes(content)
    with zipfile.ZipFile(weights, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


# ---- answers of Spotify's API

def answer_trials(folder):
    from spotify_server import Library

    from collect import create_playlist, export_saved_tracks, list_playlists
    from sources.spotify_api import CollectError, NotFound

    class Mutating:
        """A client whose answers to one path are mutated."""

        def __init__(self, rng, path):
            self.rng, self.path, self.library = rng, path, Library(120, new=False, rich=True)

        def get(self, path, **parameters):
            texts = {key: [str(value)] for key, value in parameters.items()}
            status, answer = self.library.answer("GET", path, texts, None)
            if status != 200:
                raise NotFound(path)
            return mutate_json(answer, self.rng) if path == self.path else answer

        def post(self, path, payload):
            answer = self.library.answer("POST", path, {}, payload)[1]
            return mutate_json(answer, self.rng) if self.path == "POST" else answer

    def trial(rng):
        path = rng.choice(["me/tracks", "me/tracks", "me/playlists", "artists", "audio-features", "me", "POST"])
        client = Mutating(rng, path)
        if path in ("me", "me/playlists", "POST"):
            list_playlists(client)
            tracks = pd.DataFrame({"uri": [track["uri"] for track in client.library.saved]})
            create_playlist(tracks, "Mine", client=client, dry_run=False)
        else:
            table = export_saved_tracks(client, folder / f"{rng.random()}" / "saved.csv")
            if len(table) + len(table.attrs["skipped"]) != 120:
                raise AssertionError(f"{len(table)} tracks and {len(table.attrs['skipped'])} skipped, of 120")
    return trial, CollectError


# ---- kills

def songs_of_job(folder, n):
    from sound_files import track_table, write_song
    paths = [write_song(folder.parent / "songs" / f"{number}.wav", 8, seed=number) for number in range(n)
             if not (folder.parent / "songs" / f"{number}.wav").exists()] or None
    del paths
    names = sorted(map(str, (folder.parent / "songs").glob("*.wav")), key=lambda path: int(Path(path).stem))[:n]
    return track_table(names)


def job_images(folder, _):
    from audio import write_spectrograms
    tracks = songs_of_job(folder, 120)
    ready()
    write_spectrograms(tracks, folder, segment_seconds=2, kinds=("mel", "chroma"), n_jobs=2)


def job_features(folder, _):
    from features import extract_features
    tracks = songs_of_job(folder, 24)
    extract_features(tracks.head(1), n_jobs=1)
    ready()
    extract_features(tracks, out=folder / "features.parquet", n_jobs=2)


def job_embeddings(folder, _):
    from features import extract_embeddings
    tracks = songs_of_job(folder, 39)
    extract_embeddings(tracks.head(1))
    ready()
    extract_embeddings(tracks, out=folder / "embeddings.parquet")


def job_labels(folder, _):
    from influences import label_folder
    from starter_models import load_starter
    starter = load_starter("sample")
    ready()
    label_folder(starter.classifier, songs_of_job(folder, 24), out=folder / "labels.csv")


def job_export(folder, address):
    from collect import export_saved_tracks, spotify_client
    ready()
    client = spotify_client("id", "secret", api=f"{address}/v1/", accounts=address)
    export_saved_tracks(client, folder / "saved.csv")


def job_training(folder, _):
    from synthetic_images import table

    import models
    X, y = table(200)
    model = models.build("mlp", epochs=60, verbose=False)
    ready()
    model.fit(X[:150], y[:150], (X[150:], y[150:]), checkpoint=folder / "checkpoint")
    models.save(model, folder / "model")
    model.history_.to_csv(folder / "history.csv")


JOBS_BY_NAME = {name.removeprefix("job_"): job for name, job in list(globals().items()) if name.startswith("job_")}


def ready():
    """Say that the work begins now."""
    print("ready", flush=True)


def kill_jobs(names, number, seed):
    """Kill each job at random moments until it was killed so often; the counts of runs that end like the undisturbed
    one, and of those that do not."""
    from spotify_server import Library, serve
    library = Library(1000)
    library.delay = .05
    server = serve(library)
    rows = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            rows[f"kills: {name}"] = kill_job(name, Path(folder), number, random.Random(f"{seed} {name}"),
                                              server.address)
        print(f"  {name}: {dict(rows[f'kills: {name}'])}", flush=True)
    server.shutdown()
    return rows


def kill_job(name, folder, number, rng, address):
    counts = collections.Counter(killed=0)
    seconds = run_job(name, folder / "undisturbed", address)
    expected = content_of(folder / "undisturbed")
    while counts["killed"] < number:
        shutil.rmtree(folder / "killed", ignore_errors=True)
        while counts["killed"] < number:
            finished = run_job(name, folder / "killed", address, kill_after=rng.uniform(0, .6 * seconds))
            if finished is not None:
                break
            counts["killed"] += 1
        else:
            run_job(name, folder / "killed", address)
        counts["same" if content_of(folder / "killed") == expected else "different"] += 1
    return counts


def run_job(name, folder, address, kill_after=None):
    """Run a job; returns the seconds that its work took, or None where it was killed."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, __file__, "--job", name, "--folder", str(folder), "--address", address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               start_new_session=True)
    while process.stdout.readline() not in ("ready\n", ""):
        pass
    start = time.perf_counter()
    try:
        process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)  # its workers too
        process.communicate()
        return None
    if process.returncode:
        raise RuntimeError(f"{name} failed by itself")
    return time.perf_counter() - start


def content_of(folder):
    """What is in a folder, by name, without hidden files: tables by their cells, models by their weights, other files
    by their bytes."""
    content = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        relative = str(path.relative_to(folder))
        if path.suffix == ".parquet":
            text = pd.read_parquet(path).to_csv().replace(str(folder), "")
            content[relative] = hashlib.sha256(text.encode()).hexdigest()
        elif path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                content[relative] = weights_of(archive.read("model.weights.h5"))
        elif path.suffix in (".png", ".csv"):
            content[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
    return content


def weights_of(stored):
    import h5py
    values = {}
    with h5py.File(io.BytesIO(stored)) as file:
        file.visititems(lambda name, item: values.update({name: hashlib.sha256(np.asarray(item).tobytes()).hexdigest()})
                        if isinstance(item, h5py.Dataset) else None)
    return values


if __name__ == "__main__":
    main()
