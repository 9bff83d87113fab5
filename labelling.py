"""An unlabelled collection to one table: what each song is made of."""

import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from audio import AudioError, tracks_with_sound
from features import note_down, read_journal, source_mark
from influences import aspect_influences, aspect_sentence, blend_label, certainty, genre_influences, song_influences
from prepare import load_Data
from tables import write_table


def label_folder(classifier, folder, *, out="labels.csv", aspects=None):
    """Say of each song in a folder what it is made of.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    folder : str, Path or pd.DataFrame
        What `prepare.load_Data` can read: a folder of sound files, or a table with `path`.
    out : str or Path
        The CSV file to write. What is done is noted in a file beside it, song by song, so that a run that was killed goes on
        where it stopped; songs whose file has changed are heard again.
    aspects : dict, optional
        From `influences.fit_aspects`.

    Returns
    -------
    pd.DataFrame
        One row a song: `track_id, path, blend, certainty, familiarity`, columns ``share: GENRE``, and with aspects `beat, timbre,
        pitch, sentence`. What was skipped and why in ``attrs["skipped"]`` and in ``OUT.skipped.csv``.
    """
    tracks = tracks_with_sound(folder if isinstance(folder, pd.DataFrame) else load_Data(folder))
    out = Path(out)
    journal, rows, skipped = out.with_name(f".{out.name}.jsonl"), [], []
    done = read_journal(journal)
    model = f"{list(map(str, classifier.classes_))} {classifier.temperature_:.9f} {sorted(aspects or ())}"
    for track in tqdm(tracks.itertuples(), total=len(tracks), desc="labels", unit="song", file=sys.stdout, mininterval=1):
        key, mark = f"{track.track_id}|{track.source}", source_mark(track.source, model)
        known = done.get(key)
        if not (known and mark and known["mark"] == mark):
            try:
                known = {"key": key, "mark": mark, "rows": _labels(classifier, track, aspects)}
            except AudioError as error:
                skipped.append({"path": track.source, "reason": str(error)})
                continue
            note_down(journal, known)
        rows.append(known["rows"])
    table = pd.DataFrame(rows)
    table.attrs["skipped"] = skipped
    write_table(table, out)
    write_table(pd.DataFrame(skipped, columns=["path", "reason"]), out.with_name(f"{out.stem}.skipped.csv"))
    if skipped:
        print(f"{len(skipped)} of {len(tracks)} files skipped: see {out.stem}.skipped.csv")
    return table


def _labels(classifier, track, aspects):
    windows = genre_influences(classifier, track.source)
    shares = song_influences(windows, n_boot=1)["share"]
    row = {"track_id": track.track_id, "path": track.source, "blend": blend_label(shares),
           "certainty": round(certainty(shares), 4),
           "familiarity": round(windows.attrs["familiarity"], 4)}
    row |= {f"share: {genre}": round(float(shares[genre]), 4) for genre in classifier.classes_}
    if aspects is not None:
        table = aspect_influences(aspects, track.source)
        row |= {aspect: blend_label(values) for aspect, values in table.iterrows()} | {"sentence": aspect_sentence(table)}
    return row
