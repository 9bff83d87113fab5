"""Songs made to order: a small synthesiser whose songs come with every answer known.

A genre is a recipe in three parts that can be taken from different genres: beat (tempo, who plays on which of 16 steps
a bar, swing), timbre (instruments, drum kit, mix) and pitch (chords, scale, register, melodic density). An artist bends
the recipes in one way for all songs, a song draws its own tempo, key, chords and melody from what is left open.
Everything is drawn from seeds: the same arguments give the same samples.
"""

import re
from dataclasses import dataclass, field, replace

import numpy as np

from synth import instruments
from synth.instruments import random_numbers
from synth.presets import BEATS, INSTRUMENTS, PITCHES, QUALITIES, SCALES, TIMBRES
from synth.sample_table import GENRES

HOOK_FROM = 40.0
"""A song of this many seconds or more has verses, and a hook that returns."""
_NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_LANES = ("kick", "snare", "hat", "perc")


@dataclass
class Song:
    """A rendered song and what is known about it.

    Attributes
    ----------
    y : np.ndarray [shape=(n,)], float32
    sr : int
    tempo : float
        Beats a minute.
    key, mode : int
        Pitch class of the tonic (0 is C), and 1 for major, 0 for minor.
    chords : list of (start, end, root, quality)
        In seconds; root as a pitch class, quality as in `QUALITIES`.
    beats : np.ndarray
        Times in seconds.
    sections : list of (name, start, end)
    hooks : list of (start, end)
        Where the hook stands, whole; each time with the same samples, but for what rings on from before.
    parts : dict
        The genre that `beat`, `timbre` and `pitch` are taken from; of a blend, that of its larger share.
    shares : list of (start, end, dict)
        What share of the sound, in loudness, is of which genre; empty if the parts are of several genres.
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
    """What is decided about a song before a note of it sounds; see `make_plan`."""

    parts: dict
    seed: int
    artist: int
    sr: int
    tempo: float
    key: int
    mode: int
    progressions: tuple  # of verse and hook: a (semitones above the tonic, quality) a bar


# ---- songs

def render(genre=None, *, beat=None, timbre=None, pitch=None, seconds=20.0, seed=0, artist=0, key=None, tempo=None, sr=22_050):
    """A song of a genre, or with beat, timbre and pitch of different ones.

    Parameters
    ----------
    genre : str, optional
        One of `sample_songs.GENRES`; what `beat`, `timbre` and `pitch` are unless said otherwise.
    beat, timbre, pitch : str, optional
        The genre that gives this part.
    seconds : float
        Length. From 40 s on there are verses, and a hook that returns.
    seed : int
        The song: its tempo, key, chords, rhythms and melody.
    artist : int
        Whose song: instruments, their tuning, favoured tempo, swing and mix.
    key : int, optional
        Pitch class of the tonic, 0 (C) to 11.
    tempo : float, optional
        Beats a minute.
    sr : int
        Sampling rate.

    Returns
    -------
    Song

    Examples
    --------
    >>> song = render(beat="hip hop", timbre="metal", pitch="classical", seconds=5, seed=3, key=9)
    >>> len(song.y) / song.sr, song.key, song.parts
    (5.0, 9, {'beat': 'hip hop', 'timbre': 'metal', 'pitch': 'classical'})
    """
    plan = make_plan(genre, beat=beat, timbre=timbre, pitch=pitch, seed=seed, artist=artist, key=key, tempo=tempo, sr=sr)
    return perform(plan, seconds)


def blend(one, two, weight, *, seconds=20.0, seed=0, artist=0, key=None, tempo=None, sr=22_050):
    """Two genres at once, on the same beat and the same chords.

    Parameters
    ----------
    one, two : str
        Genres.
    weight : float or list of (time, weight)
        The share of the second, 0 to 1, in loudness; or how it moves over time, in straight lines between points.
    seconds, seed, artist, key, tempo, sr
        As for `render`.

    Returns
    -------
    Song
        The shares stand in `shares`, in pieces of at most 5 s.

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
    """A song that begins in one genre and becomes another within the beat around `at` seconds.

    The other parameters are those of `render`. Tempo, key and chords stay.

    Examples
    --------
    >>> [(round(start), round(end), shares) for start, end, shares in change("jazz", "metal", 3, seconds=6, tempo=120).shares]
    [(0, 3, {'jazz': 1.0, 'metal': 0.0}), (3, 3, {'jazz': 0.5, 'metal': 0.5}), (3, 6, {'jazz': 0.0, 'metal': 1.0})]
    """
    tempo = tempo or _common_tempo(one, two, seed)
    points = [(at - 30 / tempo, 0), (at + 30 / tempo, 1)]
    return blend(one, two, points, seconds=seconds, seed=seed, artist=artist, key=key, tempo=tempo, sr=sr)


def _common_tempo(one, two, seed):
    """A tempo that both genres have, or one between them."""
    slowest, fastest = np.array([BEATS[genre]["tempo"] for genre in (one, two)]).T
    return round(float(random_numbers("common tempo", seed).uniform(*sorted((slowest.max(), fastest.min())))), 1)


def _common_ground(one, two, points, seconds, *, tempo, seed, **settings):
    """Plans of two genres with one tempo, key and chords: those of the genre with the larger share."""
    tempo = tempo or _common_tempo(one, two, seed)
    plans = [make_plan(genre, tempo=tempo, seed=seed, **settings) for genre in (one, two)]
    times = np.linspace(0, seconds, 1000)
    leader = plans[int(np.interp(times, points[:, 0], points[:, 1]).mean() > .5)]
    return [replace(plan, key=leader.key, mode=leader.mode, progressions=leader.progressions) for plan in plans]


def _timeline(one, two, points, seconds):
    """The shares between the points, ramps cut into pieces of at most 5 s."""
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
    """Decide on tempo, key and chords, and render nothing; parameters as for `render`.

    Examples
    --------
    >>> plan = make_plan("dance/electronic", seed=1)
    >>> 114 <= plan.tempo <= 134
    True
    """
    parts = {"beat": beat or genre, "timbre": timbre or genre, "pitch": pitch or genre}
    for part, name in parts.items():
        if name not in GENRES:
            raise ValueError(f"no recipe for the {part} of {name!r}; the genres are {', '.join(GENRES)}")
    recipe = PITCHES[parts["pitch"]]
    rng = random_numbers("song", parts["pitch"], artist, seed)
    own_key, mode = int(rng.integers(12)), int(rng.random() < recipe["major"])
    verse = rng.choice(recipe["up" if mode else "down"].split(","))
    hook = rng.choice(recipe["up" if mode else "down"].split(","))
    tempo, key = tempo or _own_tempo(parts["beat"], artist, seed), own_key if key is None else int(key) % 12
    return Plan(parts, seed, artist, sr, tempo, key, mode,
                tuple(tuple(_chord(numeral) for numeral in chords.split()) for chords in (verse, hook)))


def _own_tempo(genre, artist, seed):
    """A tempo of the genre's range, in the region that the artist favours."""
    slow, fast = BEATS[genre]["tempo"]
    place = (.6 * random_numbers("favoured tempo", genre, artist).random()
             + .4 * random_numbers("tempo", genre, artist, seed).random())
    return round(slow + (fast - slow) * place, 1)


def _chord(numeral):
    """`bVI`, `ii7`, `IM7`, `i5` as semitones above the tonic and a quality."""
    flat, degree, suffix = re.fullmatch(r"(b?)([ivIV]+)(7|M7|5)?", numeral).groups()
    minor = degree.islower()
    quality = {None: "min" if minor else "maj", "7": "min7" if minor else "7", "M7": "maj7", "5": "5"}[suffix]
    return (_NUMERALS[degree.lower()] - bool(flat)) % 12, quality


# ---- from plan to sound

def perform(plan, seconds):
    """Render a plan.

    Parameters
    ----------
    plan : Plan
    seconds : float

    Returns
    -------
    Song

    Examples
    --------
    >>> perform(make_plan("jazz"), 2.0).y.shape
    (44100,)
    """
    sections, beats, y = _arrangement(plan, seconds), [], np.zeros(round((seconds + 60) * plan.sr))
    sounds = {}
    for name, start, bars in sections:
        sounds[name] = sounds[name] if name in sounds else _section(plan, name, bars)
        first = round(start * plan.sr)
        y[first:first + len(sounds[name])] += sounds[name]
        beats += [start + beat * 60 / plan.tempo for beat in range(4 * bars)]
    y = y[:round(seconds * plan.sr)]
    habit = random_numbers("loudness", plan.parts["timbre"], plan.artist).normal(0, 1.5)
    loudness = TIMBRES[plan.parts["timbre"]]["loudness"] + habit
    y = instruments.limit_peaks(y * 10 ** (loudness / 20) / max(np.sqrt(np.mean(y ** 2)), 1e-9))
    fade = np.linspace(1, 0, min(len(y), round(.02 * plan.sr)))
    y[len(y) - len(fade):] *= fade
    one = plan.parts["beat"] if len(set(plan.parts.values())) == 1 else None
    lengths = {name: bars * 240 / plan.tempo for name, _, bars in sections}
    return Song(
        y.astype(np.float32), plan.sr, plan.tempo, plan.key, plan.mode, _chords(plan, sections, seconds),
        np.array([beat for beat in beats if beat < seconds]),
        [(name, start, min(start + lengths[name], seconds)) for name, start, _ in sections],
        [(start, start + lengths[name]) for name, start, _ in sections if name == "hook" and start + lengths[name] <= seconds],
        dict(plan.parts), [(0.0, float(seconds), {one: 1.0})] if one else [])


def _arrangement(plan, seconds):
    """Name, start and bars of each section: verses and hooks by turns, or one verse where the song is short."""
    bar = 240 / plan.tempo
    if seconds < HOOK_FROM:
        return [("verse", 0.0, int(np.ceil(seconds / bar)))]
    bars = 8 if 32 * bar <= seconds else 4
    number = int(np.ceil(seconds / (bars * bar)))
    names = ["verse", "hook", "second verse", "hook"] if 4 * bars * bar <= seconds else ["hook", "verse"]
    return [(names[i % len(names)], float(i * bars * bar), bars) for i in range(number)]


def _chords(plan, sections, seconds):
    """The chord of every bar, in seconds, as far as the song goes."""
    bar = 240 / plan.tempo
    bars = [(start + i * bar, plan.progressions[name == "hook"], i) for name, start, bars in sections for i in range(bars)]
    return [(start, min(start + bar, seconds), (plan.key + chords[i % len(chords)][0]) % 12, chords[i % len(chords)][1])
            for start, chords, i in bars if start < seconds]


def _section(plan, name, bars):
    """One section with all its players, and the time in which its last notes die away."""
    n = round((bars * 240 / plan.tempo + instruments.TAIL) * plan.sr)
    recipe, artist = TIMBRES[plan.parts["timbre"]], random_numbers("sound", plan.parts["timbre"], plan.artist)
    song = random_numbers("mix", plan.seed, plan.artist)
    tuning, color = artist.normal(0, 8), artist.normal(0, .8)
    kit = artist.choice(recipe["kit"].split()).split(",")
    sounds = {lane: instruments.drum(drum, plan.key, plan.sr) for lane, drum in zip(_LANES, kit)}
    drums = _overlay(n, _drum_score(plan, name, bars), lambda lane, _: sounds[lane], plan)
    tracks = [drums]
    for part, score in (("bass", _bass_score), ("chords", _chord_score), ("melody", _melody_score)):
        instrument = INSTRUMENTS[artist.choice(recipe[part].split())]
        instrument = instrument | {"top": instrument["top"] * 2 ** artist.normal(0, .5),
                                   "tilt": instrument["tilt"] + artist.normal(0, .1)}
        track = _overlay(n, score(plan, name, bars), _player(instrument, tuning, plan), plan)
        tracks.append(instruments.amplify(track, instrument, plan.sr))
    dips = 1 - recipe["pump"] * np.exp(-(np.arange(n) / plan.sr % (60 / plan.tempo)) / .12)
    tracks[1:3] = [track * dips for track in tracks[1:3]]
    levels = np.array(recipe["levels"]) + artist.normal(0, 2.5, 4) + song.normal(0, 1.5, 4)
    mix = sum(10 ** (level / 20) * instruments.normalise_level(track, plan.sr) for level, track in zip(levels, tracks))
    return instruments.add_reverb(mix, recipe, color, plan.sr)


def _overlay(n, score, sound, plan):
    """Put the notes of a score (step, steps, pitch, loudness) where they belong; each distinct one is made once."""
    y, made = np.zeros(n), {}
    for step, steps, pitch, loudness in score:
        note = made[pitch, steps] if (pitch, steps) in made else made.setdefault((pitch, steps), sound(pitch, steps))
        first = max(0, round(step * 15 / plan.tempo * plan.sr))
        y[first:first + len(note)] += loudness * note[:max(0, n - first)]
    return y


def _player(instrument, tuning, plan):
    return lambda pitch, steps: instruments.tone(instrument, pitch + tuning / 100, steps * 15 / plan.tempo, plan.sr)


# ---- scores: who plays what when, in steps of a sixteenth

def _onsets(plan, name, lane):
    """Steps of one bar in which a lane plays, and how loud; the hook leaves nothing out that is up to the song."""
    rng = random_numbers("rhythm", lane, plan.parts["beat"], plan.artist, plan.seed)
    rhythm, chances = rng.choice(BEATS[plan.parts["beat"]][lane].split()), rng.random(16)
    return [(step, .5 if mark == "-" else 1.0) for step, mark in enumerate(rhythm)
            if mark in "x-" or (mark == "o" and (chances[step] < .4 or name == "hook"))]


def _swung(plan, step, rng):
    """The step as it is played: late where the beat swings, a little off where it is loose."""
    recipe = BEATS[plan.parts["beat"]]
    swing = np.array(recipe["swing"]) * (.7 + .4 * random_numbers("swing", plan.parts["beat"], plan.artist).random())
    late = swing[0] if step % 4 == 2 else swing[1] if step % 2 else 0
    return step + late + np.clip(rng.normal(0, recipe["loose"]), -.02, .02) * plan.tempo / 15


def _drum_score(plan, name, bars):
    rng, balance = random_numbers("drums", name, plan.seed), dict(zip(_LANES, (1.0, .8, .3, .35)))
    return [(_swung(plan, 16 * bar + step, rng), 0, lane, balance[lane] * loudness * rng.uniform(.85, 1))
            for lane in _LANES for step, loudness in _onsets(plan, name, lane) for bar in range(bars)]


def _hits(plan, name, lane, bars):
    """Every onset of a lane in a section, with the steps until the next and its chord (root as a pitch class)."""
    chords = plan.progressions[name == "hook"]
    onsets = [(16 * bar + step, loudness) for bar in range(bars) for step, loudness in _onsets(plan, name, lane)]
    ends = [step for step, _ in onsets[1:]] + [16 * bars]
    for i, ((step, loudness), end) in enumerate(zip(onsets, ends)):
        root, quality = chords[step // 16 % len(chords)]
        yield i, step, end - step, loudness, (plan.key + root) % 12, quality


def _bass_score(plan, name, bars):
    rng, score, style = random_numbers("bass", name, plan.seed), [], PITCHES[plan.parts["pitch"]]["bass"]
    for i, step, steps, loudness, root, quality in _hits(plan, name, "bass", bars):
        low, tones = 28 + (root - 28) % 12, QUALITIES[quality]
        walk = tones[i % len(tones)] if step % 16 else 0
        step_up = {"root": 0, "fifth": 7 * (i % 2), "octave": 12 * (i % 2), "walk": walk}[style]
        score.append((_swung(plan, step, rng), min(steps, 8), low + step_up, loudness))
    return score


def _chord_score(plan, name, bars):
    rng, score, voicing = random_numbers("chords", name, plan.seed), [], PITCHES[plan.parts["pitch"]]["voicing"]
    for i, step, steps, loudness, root, quality in _hits(plan, name, "chords", bars):
        lowest = {"power": 38, "open": 43}.get(voicing, 52)
        tones = [lowest + (root + tone - lowest) % 12 for tone in QUALITIES[quality]]
        if voicing == "power":
            tones = [lowest + (root - lowest) % 12 + tone for tone in (0, 7, 12)]
        if voicing == "arpeggio":
            tones = sorted(tones)
            tones = [tones[(0, 2, 1, 2)[i % 4]]] + tones[:1] * (steps > 3)
        score += [(_swung(plan, step, rng) + .04 * string, steps, tone, loudness) for string, tone in enumerate(sorted(tones))]
    return score


def _melody_score(plan, name, bars):
    """A motif of two bars that returns in every other pair of bars, bent to the chords; it comes home at the end."""
    rng, recipe = random_numbers("melody", name, plan.parts["pitch"], plan.artist, plan.seed), PITCHES[plan.parts["pitch"]]
    register = random_numbers("register", plan.parts["pitch"], plan.artist)
    centre = recipe["centre"] + 4 * (name == "hook") + int(register.integers(-3, 4))
    scale = [note for note in range(centre - 9, centre + 10) if (note - plan.key) % 12 in SCALES[recipe["scale"], plan.mode]]
    motifs, score, place = [_motif(recipe, rng), _motif(recipe, rng)], [], len(scale) // 2
    for pair in range((bars + 1) // 2):
        for (step, move), end in zip(motifs[pair % 4 == 3], [*(step for step, _ in motifs[pair % 4 == 3][1:]), 32]):
            at = 32 * pair + step
            if at >= 16 * bars:
                break
            place = int(np.clip(place + move, 0, len(scale) - 1))
            note = _nearest(scale[place], plan, name, at) if step % 4 == 0 else scale[place]
            score.append((_swung(plan, at, rng), min(end - step, 8), note, rng.uniform(.7, 1)))
    home = [note for note in scale if (note - plan.key) % 12 == 0]
    return [*score[:-1], (*score[-1][:2], home[0], 1.0)]


def _motif(recipe, rng):
    """Steps of two bars and moves on the scale: on the beat rather than beside it, back towards where it began."""
    strength = np.tile([1, .06, .5, .06] if recipe["density"] < 7 else [1, .3, .7, .3], 8) * rng.uniform(.3, 1, 32)
    steps = np.sort(np.argsort(-strength)[:max(4, round(2 * recipe["density"] * rng.uniform(.7, 1.3)))])
    moves = rng.integers(-recipe["leap"], recipe["leap"] + 1, len(steps))
    return list(zip(steps.tolist(), [*moves[:-1].tolist(), int(-moves[:-1].sum())]))


def _nearest(note, plan, name, step):
    """The chord's tone nearest to a note."""
    chords = plan.progressions[name == "hook"]
    root, quality = chords[step // 16 % len(chords)]
    tones = [(plan.key + root + tone) % 12 for tone in QUALITIES[quality]]
    return min((note + shift for shift in range(-6, 7) if (note + shift) % 12 in tones), key=lambda tone: abs(tone - note))
