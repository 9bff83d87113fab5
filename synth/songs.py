"""Synthetic songs: a small synthesiser that renders songs with their ground truth.

A genre has presets of three parts, which can be taken from different genres: beat (tempo, rhythms of 16 steps a bar,
swing), timbre (instruments, drum kit, mix) and pitch (chords, scale, register, density of the melody). An artist uses
the same instruments and habits in all songs. Each song draws its own tempo, key, chords and melody. All random numbers
come from seeds: the same arguments give the same samples.
"""

import re
from dataclasses import dataclass, field, replace

import numpy as np

from synth import instruments
from synth.instruments import random_numbers
from synth.presets import BEATS, INSTRUMENTS, PITCHES, QUALITIES, SCALES, TIMBRES
from synth.sample_table import GENRES

HOOK_FROM = 40.0
"""From this length in seconds, a song has verses and a hook that is repeated."""
_NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_LANES = ("kick", "snare", "hat", "perc")


@dataclass
class Song:
    """A rendered song and its ground truth.

    Attributes
    ----------
    y : np.ndarray [shape=(n,)], float32
        Samples.
    sr : int
        Sampling rate in Hz.
    tempo : float
        Beats a minute.
    key, mode : int
        Pitch class of the tonic (0 is C), and 1 for major, 0 for minor.
    chords : list of (start, end, root, quality)
        In seconds; root as a pitch class, quality as in `QUALITIES`.
    beats : np.ndarray
        Times in seconds.
    sections : list of (name, start, end)
        In seconds.
    hooks : list of (start, end)
        The complete hooks, in seconds. All have the same samples, except for notes of the section before that decay
        into them.
    parts : dict
        The genres of `beat`, `timbre` and `pitch`; in a blend, those of the genre with the larger share.
    shares : list of (start, end, dict)
        The share of each genre in the sound, by power, from start to end in seconds; empty if the parts are of several
        genres.
    """

    y: np.ndarray
    sr: int
    tempo: float
    key: int
    mode: int
    chords: list
    beats: np.ndarray
    sections: list = field(default_factory=list)
    hooks: list = field(default_factory=list)
    parts: dict = field(default_factory=dict)
    shares: list = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """All that is decided about a song before it is rendered; see `make_plan`."""

    parts: dict
    seed: int
    artist: int
    sr: int
    tempo: float
    key: int
    mode: int
    progressions: tuple  # of the verse and of the hook: for each bar (semitones above the tonic, quality)


# ---- songs

def render(genre=None, *, beat=None, timbre=None, pitch=None, seconds=20.0, seed=0, artist=0, key=None, tempo=None,
           sr=22_050):
    """A song of one genre, or with beat, timbre and pitch of different genres.

    Parameters
    ----------
    genre : str, optional
        One of `sample_table.GENRES`: the genre of all parts that are not given.
    beat, timbre, pitch : str, optional
        The genre of this part.
    seconds : float
        Length. From 40 s on, a song has verses and a hook that is repeated.
    seed : int
        Decides on the song's tempo, key, chords, rhythms and melody.
    artist : int
        Decides on the instruments, their tuning, the preferred tempo, the swing and the mix.
    key : int, optional
        Pitch class of the tonic, 0 (C) to 11. By default it is drawn.
    tempo : float, optional
        Beats a minute. By default it is drawn from the range of the genre.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    Song

    Raises
    ------
    ValueError
        A genre is unknown.

    Examples
    --------
    >>> song = render(beat="hip hop", timbre="metal", pitch="classical", seconds=5, seed=3, key=9)
    >>> len(song.y) / song.sr, song.key, song.parts
    (5.0, 9, {'beat': 'hip hop', 'timbre': 'metal', 'pitch': 'classical'})
    """
    plan = make_plan(genre, beat=beat, timbre=timbre, pitch=pitch, seed=seed, artist=artist, key=key, tempo=tempo,
                     sr=sr)
    return perform(plan, seconds)


def blend(one, two, weight, *, seconds=20.0, seed=0, artist=0, key=None, tempo=None, sr=22_050):
    """A song of two genres at once, with the same tempo, key and chords.

    Parameters
    ----------
    one, two : str
        Genres.
    weight : float or list of (time, weight)
        The share of the second genre in the sound, by power, 0 to 1; or its share at several times, with straight lines
        between them.
    seconds, seed, artist, key, tempo, sr
        As for `render`.

    Returns
    -------
    Song
        While a share changes, `shares` has pieces of at most 5 s.

    Examples
    --------
    >>> blend("hip hop", "metal", .25, seconds=4).shares
    [(0.0, 4.0, {'hip hop': 0.75, 'metal': 0.25})]
    """
    points = np.atleast_2d([(0.0, weight)] if np.isscalar(weight) else weight).astype(float)
    plans = _common_ground(one, two, points, seconds, seed=seed, artist=artist, key=key, tempo=tempo, sr=sr)
    songs = [perform(plan, seconds) for plan in plans]
    share = np.interp(np.arange(len(songs[0].y)) / sr, points[:, 0], points[:, 1])
    y = [song.y / instruments.rms_level(song.y, sr) for song in songs]
    y = np.sqrt(1 - share) * y[0] + np.sqrt(share) * y[1]
    heavier = songs[int(share.mean() > .5)]
    y = instruments.limit_peaks(y * instruments.rms_level(heavier.y, sr))
    return replace(heavier, y=y.astype(np.float32), shares=_timeline(one, two, points, seconds))


def change(one, two, at, *, seconds=60.0, seed=0, artist=0, key=None, tempo=None, sr=22_050):
    """A song that changes from one genre to another. Tempo, key and chords stay the same.

    Parameters
    ----------
    one, two : str
        Genres.
    at : float
        When it changes, in seconds. The change takes one beat.
    seconds, seed, artist, key, tempo, sr
        As for `render`.

    Returns
    -------
    Song

    Examples
    --------
    >>> song = change("jazz", "metal", 3, seconds=6, tempo=120)
    >>> [(round(start), round(end), shares) for start, end, shares in song.shares]
    [(0, 3, {'jazz': 1.0, 'metal': 0.0}), (3, 3, {'jazz': 0.5, 'metal': 0.5}), (3, 6, {'jazz': 0.0, 'metal': 1.0})]
    """
    tempo = tempo or _common_tempo(one, two, seed)
    points = [(at - 30 / tempo, 0), (at + 30 / tempo, 1)]
    return blend(one, two, points, seconds=seconds, seed=seed, artist=artist, key=key, tempo=tempo, sr=sr)


def _common_tempo(one, two, seed):
    """A tempo in the ranges of both genres, or one between the ranges if they do not overlap."""
    slowest, fastest = np.array([BEATS[genre]["tempo"] for genre in (one, two)]).T
    return round(float(random_numbers("common tempo", seed).uniform(*sorted((slowest.max(), fastest.min())))), 1)


def _common_ground(one, two, points, seconds, *, tempo, seed, **settings):
    """Plans of two genres with the same tempo, key and chords: those of the genre with the larger share."""
    tempo = tempo or _common_tempo(one, two, seed)
    plans = [make_plan(genre, tempo=tempo, seed=seed, **settings) for genre in (one, two)]
    times = np.linspace(0, seconds, 1000)
    leader = plans[int(np.interp(times, points[:, 0], points[:, 1]).mean() > .5)]
    return [replace(plan, key=leader.key, mode=leader.mode, progressions=leader.progressions) for plan in plans]


def _timeline(one, two, points, seconds):
    """The shares over time; ramps between two points are cut into pieces of at most 5 s."""
    edges = np.unique(np.concatenate([[0.0, seconds], points[:, 0].clip(0, seconds)]))
    pieces = []
    for start, end in zip(edges[:-1], edges[1:]):
        levels = np.interp([start, end], points[:, 0], points[:, 1])
        cuts = np.linspace(start, end, 1 if levels[0] == levels[1] else int(np.ceil((end - start) / 5)), endpoint=False)
        for cut, until in zip(cuts, [*cuts[1:], end]):
            share = float(np.interp((cut + until) / 2, points[:, 0], points[:, 1]).round(4))
            pieces.append((float(cut), float(until), {one: round(1 - share, 4), two: share}))
    return pieces


# ---- the plan

def make_plan(genre=None, *, beat=None, timbre=None, pitch=None, seed=0, artist=0, key=None, tempo=None, sr=22_050):
    """Decide on the tempo, key and chords of a song without rendering it.

    Parameters
    ----------
    genre, beat, timbre, pitch, seed, artist, key, tempo, sr
        As for `render`.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        A genre is unknown.

    Examples
    --------
    >>> plan = make_plan("dance/electronic", seed=1)
    >>> 114 <= plan.tempo <= 134
    True
    """
    parts = {"beat": beat or genre, "timbre": timbre or genre, "pitch": pitch or genre}
    for part, name in parts.items():
        if name not in GENRES:
            raise ValueError(f"no preset for the {part} of {name!r}; the genres are {', '.join(GENRES)}")
    preset = PITCHES[parts["pitch"]]
    rng = random_numbers("song", parts["pitch"], artist, seed)
    drawn_key = int(rng.integers(12))
    mode = int(rng.random() < preset["major"])
    choices = preset["up" if mode else "down"].split(",")
    verse = rng.choice(choices)
    hook = rng.choice(choices)
    key = drawn_key if key is None else int(key) % 12
    tempo = tempo or _draw_tempo(parts["beat"], artist, seed)
    return Plan(parts, seed, artist, sr, tempo, key, mode,
                tuple(tuple(_chord(numeral) for numeral in chords.split()) for chords in (verse, hook)))


def _draw_tempo(genre, artist, seed):
    """A tempo in the genre's range; 60% of its place in the range is the artist's, the rest is the song's."""
    slow, fast = BEATS[genre]["tempo"]
    place = (.6 * random_numbers("favoured tempo", genre, artist).random()
             + .4 * random_numbers("tempo", genre, artist, seed).random())
    return round(slow + (fast - slow) * place, 1)


def _chord(numeral):
    """A chord such as `bVI`, `ii7`, `IM7`, `i5`: semitones above the tonic, and quality."""
    flat, degree, suffix = re.fullmatch(r"(b?)([ivIV]+)(7|M7|5)?", numeral).groups()
    minor = degree.islower()
    quality = {None: "min" if minor else "maj", "7": "min7" if minor else "7", "M7": "maj7", "5": "5"}[suffix]
    return (_NUMERALS[degree.lower()] - bool(flat)) % 12, quality


# ---- from plan to sound

def perform(plan, seconds):
    """Render the song of a plan.

    Parameters
    ----------
    plan : Plan
    seconds : float
        Length of the song.

    Returns
    -------
    Song

    Examples
    --------
    >>> perform(make_plan("jazz"), 2.0).y.shape
    (44100,)
    """
    sections = _arrangement(plan, seconds)
    y = _mastered(plan, _mixdown(plan, sections, seconds))
    beats = [start + beat * 60 / plan.tempo for _, start, bars in sections for beat in range(4 * bars)]
    spans = [(name, start, start + bars * 240 / plan.tempo) for name, start, bars in sections]
    genres = set(plan.parts.values())
    return Song(
        y.astype(np.float32), plan.sr, plan.tempo, plan.key, plan.mode,
        chords=_chords(plan, sections, seconds),
        beats=np.array([beat for beat in beats if beat < seconds]),
        sections=[(name, start, min(end, seconds)) for name, start, end in spans],
        hooks=[(start, end) for name, start, end in spans if name == "hook" and end <= seconds],
        parts=dict(plan.parts),
        shares=[(0.0, float(seconds), {genre: 1.0}) for genre in genres] if len(genres) == 1 else [])


def _mixdown(plan, sections, seconds):
    """The samples of all sections; a section that is repeated is rendered once."""
    y = np.zeros(round((seconds + 60) * plan.sr))
    rendered = {}
    for name, start, bars in sections:
        if name not in rendered:
            rendered[name] = _section(plan, name, bars)
        first = round(start * plan.sr)
        y[first:first + len(rendered[name])] += rendered[name]
    return y[:round(seconds * plan.sr)]


def _mastered(plan, y):
    """The samples at the loudness of the genre and the artist, without clipping, and faded out at the end."""
    habit = random_numbers("loudness", plan.parts["timbre"], plan.artist).normal(0, 1.5)
    loudness = TIMBRES[plan.parts["timbre"]]["loudness"] + habit
    y = instruments.limit_peaks(y * 10 ** (loudness / 20) / max(np.sqrt(np.mean(y ** 2)), 1e-9))
    fade = np.linspace(1, 0, min(len(y), round(.02 * plan.sr)))
    y[len(y) - len(fade):] *= fade
    return y


def _arrangement(plan, seconds):
    """Name, start in seconds and bars of each section: verses and hooks in turn, or one verse if the song is short."""
    bar = 240 / plan.tempo
    if seconds < HOOK_FROM:
        return [("verse", 0.0, int(np.ceil(seconds / bar)))]
    bars = 8 if 32 * bar <= seconds else 4
    number = int(np.ceil(seconds / (bars * bar)))
    names = ["verse", "hook", "second verse", "hook"] if 4 * bars * bar <= seconds else ["hook", "verse"]
    return [(names[i % len(names)], float(i * bars * bar), bars) for i in range(number)]


def _chords(plan, sections, seconds):
    """The chord of each bar until the end of the song: start and end in seconds, root and quality."""
    bar = 240 / plan.tempo
    bars = [(start + i * bar, plan.progressions[name == "hook"], i)
            for name, start, bars in sections for i in range(bars)]
    return [(start, min(start + bar, seconds), (plan.key + chords[i % len(chords)][0]) % 12, chords[i % len(chords)][1])
            for start, chords, i in bars if start < seconds]


def _section(plan, name, bars):
    """One section with all its instruments, and the time in which its last notes decay."""
    n = round((bars * 240 / plan.tempo + instruments.TAIL) * plan.sr)
    preset = TIMBRES[plan.parts["timbre"]]
    artist = random_numbers("sound", plan.parts["timbre"], plan.artist)
    song = random_numbers("mix", plan.seed, plan.artist)
    tuning = artist.normal(0, 8)
    color = artist.normal(0, .8)
    kit = artist.choice(preset["kit"].split()).split(",")
    strokes = {lane: instruments.drum(drum, plan.key, plan.sr) for lane, drum in zip(_LANES, kit)}
    tracks = [_overlay(n, _drum_score(plan, name, bars), lambda lane, _: strokes[lane], plan)]
    for part, score in (("bass", _bass_score), ("chords", _chord_score), ("melody", _melody_score)):
        instrument = INSTRUMENTS[artist.choice(preset[part].split())]
        instrument = instrument | {"top": instrument["top"] * 2 ** artist.normal(0, .5),
                                   "tilt": instrument["tilt"] + artist.normal(0, .1)}
        track = _overlay(n, score(plan, name, bars), _player(instrument, tuning, plan), plan)
        tracks.append(instruments.amplify(track, instrument, plan.sr))
    dips = 1 - preset["pump"] * np.exp(-(np.arange(n) / plan.sr % (60 / plan.tempo)) / .12)
    tracks[1:3] = [track * dips for track in tracks[1:3]]
    levels = np.array(preset["levels"]) + artist.normal(0, 2.5, 4) + song.normal(0, 1.5, 4)
    mix = sum(10 ** (level / 20) * instruments.normalise_level(track, plan.sr) for level, track in zip(levels, tracks))
    return instruments.add_reverb(mix, preset, color, plan.sr)


def _overlay(n, score, sound, plan):
    """The notes of a score (step, steps, pitch, loudness) in n samples; equal notes are rendered once."""
    y = np.zeros(n)
    rendered = {}
    for step, steps, pitch, loudness in score:
        if (pitch, steps) not in rendered:
            rendered[pitch, steps] = sound(pitch, steps)
        note = rendered[pitch, steps]
        first = max(0, round(step * 15 / plan.tempo * plan.sr))
        y[first:first + len(note)] += loudness * note[:max(0, n - first)]
    return y


def _player(instrument, tuning, plan):
    """A function that renders a note of a pitch and a number of steps; tuning in cents."""
    return lambda pitch, steps: instruments.tone(instrument, pitch + tuning / 100, steps * 15 / plan.tempo, plan.sr)


# ---- scores: which note is played when, in steps of a sixteenth

def _onsets(plan, name, lane):
    """The steps of one bar on which a lane plays, with the loudness; in the hook all optional steps are played."""
    rng = random_numbers("rhythm", lane, plan.parts["beat"], plan.artist, plan.seed)
    rhythm = rng.choice(BEATS[plan.parts["beat"]][lane].split())
    chances = rng.random(16)
    return [(step, .5 if mark == "-" else 1.0) for step, mark in enumerate(rhythm)
            if mark in "x-" or (mark == "o" and (chances[step] < .4 or name == "hook"))]


def _swung(plan, step, rng):
    """When a step is played, in steps: later if the beat swings, and with some scatter."""
    preset = BEATS[plan.parts["beat"]]
    swing = np.array(preset["swing"]) * (.7 + .4 * random_numbers("swing", plan.parts["beat"], plan.artist).random())
    late = swing[0] if step % 4 == 2 else swing[1] if step % 2 else 0
    return step + late + np.clip(rng.normal(0, preset["loose"]), -.02, .02) * plan.tempo / 15


def _drum_score(plan, name, bars):
    rng = random_numbers("drums", name, plan.seed)
    balance = dict(zip(_LANES, (1.0, .8, .3, .35)))
    return [(_swung(plan, 16 * bar + step, rng), 0, lane, balance[lane] * loudness * rng.uniform(.85, 1))
            for lane in _LANES for step, loudness in _onsets(plan, name, lane) for bar in range(bars)]


def _hits(plan, name, lane, bars):
    """All onsets of a lane in a section: number, step, steps until the next, loudness, root (pitch class) and
    quality."""
    chords = plan.progressions[name == "hook"]
    onsets = [(16 * bar + step, loudness) for bar in range(bars) for step, loudness in _onsets(plan, name, lane)]
    ends = [step for step, _ in onsets[1:]] + [16 * bars]
    for i, ((step, loudness), end) in enumerate(zip(onsets, ends)):
        root, quality = chords[step // 16% len(chords)]
        yield i, step, end - step, loudness, (plan.key + root) % 12, quality


def _bass_score(plan, name, bars):
    rng = random_numbers("bass", name, plan.seed)
    style = PITCHES[plan.parts["pitch"]]["bass"]
    score = []
    for i, step, steps, loudness, root, quality in _hits(plan, name, "bass", bars):
        low = 28 + (root - 28) % 12
        tones = QUALITIES[quality]
        walk = tones[i % len(tones)] if step % 16 else 0
        step_up = {"root": 0, "fifth": 7 * (i % 2), "octave": 12 * (i % 2), "walk": walk}[style]
        score.append((_swung(plan, step, rng), min(steps, 8), low + step_up, loudness))
    return score


def _chord_score(plan, name, bars):
    rng = random_numbers("chords", name, plan.seed)
    voicing = PITCHES[plan.parts["pitch"]]["voicing"]
    score = []
    for i, step, steps, loudness, root, quality in _hits(plan, name, "chords", bars):
        lowest = {"power": 38, "open": 43}.get(voicing, 52)
        tones = [lowest + (root + tone - lowest) % 12 for tone in QUALITIES[quality]]
        if voicing == "power":
            tones = [lowest + (root - lowest) % 12 + tone for tone in (0, 7, 12)]
        if voicing == "arpeggio":
            tones = sorted(tones)
            tones = [tones[(0, 2, 1, 2)[i % 4]]] + tones[:1] * (steps > 3)
        score += [(_swung(plan, step, rng) + .04 * string, steps, tone, loudness)
                  for string, tone in enumerate(sorted(tones))]
    return score


def _melody_score(plan, name, bars):
    """A melody of two motifs of two bars; on the beat its notes are those of the chord, and it ends on the tonic."""
    rng = random_numbers("melody", name, plan.parts["pitch"], plan.artist, plan.seed)
    preset = PITCHES[plan.parts["pitch"]]
    register = random_numbers("register", plan.parts["pitch"], plan.artist)
    centre = preset["centre"] + 4 * (name == "hook") + int(register.integers(-3, 4))
    scale = [note for note in range(centre - 9, centre + 10)
             if (note - plan.key) % 12 in SCALES[preset["scale"], plan.mode]]
    motifs = [_motif(preset, rng), _motif(preset, rng)]
    score = []
    place = len(scale) // 2
    for pair in range((bars + 1) // 2):
        motif = motifs[pair % 4 == 3]
        for (step, move), end in zip(motif, [*(step for step, _ in motif[1:]), 32]):
            at = 32 * pair + step
            if at >= 16 * bars:
                break
            place = int(np.clip(place + move, 0, len(scale) - 1))
            note = _nearest_chord_tone(scale[place], plan, name, at) if step % 4 == 0 else scale[place]
            score.append((_swung(plan, at, rng), min(end - step, 8), note, rng.uniform(.7, 1)))
    tonic = next(note for note in scale if (note - plan.key) % 12 == 0)
    return [*score[:-1], (*score[-1][:2], tonic, 1.0)]


def _motif(preset, rng):
    """Steps of two bars, mostly on the beat, and the moves on the scale; the last move goes back to the first note."""
    strength = np.tile([1, .06, .5, .06] if preset["density"] < 7 else [1, .3, .7, .3], 8) * rng.uniform(.3, 1, 32)
    steps = np.sort(np.argsort(-strength)[:max(4, round(2 * preset["density"] * rng.uniform(.7, 1.3)))])
    moves = rng.integers(-preset["leap"], preset["leap"] + 1, len(steps))
    return list(zip(steps.tolist(), [*moves[:-1].tolist(), int(-moves[:-1].sum())]))


def _nearest_chord_tone(note, plan, name, step):
    """The note of the chord at this step that is nearest to a note."""
    chords = plan.progressions[name == "hook"]
    root, quality = chords[step // 16% len(chords)]
    tones = [(plan.key + root + tone) % 12 for tone in QUALITIES[quality]]
    return min((note + shift for shift in range(-6, 7) if (note + shift) % 12 in tones),
               key=lambda tone: abs(tone - note))
