"""The presets of the synthesiser: beat, timbre and pitch of each genre, drums, instruments, chords and scales.

The tables list alternatives separated by blanks (in `PITCHES`, chord progressions separated by commas). Each artist or
song draws one of them; an alternative that is listed twice is drawn twice as often. Some alternatives belong to several
genres, so that genres overlap, as real ones do.
"""

# tempo: lowest and highest, beats a minute. swing: by how many sixteenth steps the off-beat eighths and the odd
# sixteenths come late. loose: scatter of the onsets in seconds. All others are rhythms of 16 steps a bar: x is played,
# - is played softly, o is played in some songs and in every hook, . is a rest.
BEATS = {
    "hip hop": dict(
        tempo=(76, 104), swing=(0, .25), loose=.004, kick="x..o..x...xo.... x.....ox..x.....",
        snare="....x.......x..o", hat="x.x.x.xox.x.xoxo xoxoxoxoxoxoxoxo", perc="...............o",
        bass="x..o..x...x..... x.....ox........", chords="x............... x.......x......."),
    "latin": dict(
        tempo=(88, 118), swing=(0, 0), loose=.004, kick="x...x...x...x... x......ox......o",
        snare="...x..x....x..x. ....-..x....-.xx", hat="x.-.x.-.x.-.x.-. x-x-x-x-x-x-x-x-",
        perc="..x...xx..x...xx x...x.xxx...x.xx", bass="x.....x.x.....x. x...x.x.x...x.x.",
        chords="x.x.xx.xx.x.xx.x x.-.x..xx.-.x.x."),
    "metal": dict(
        tempo=(104, 168), swing=(0, 0), loose=.002, kick="x.xxx.xxx.xxx.xx xxxxxxxxxxxxxxxx x..xx.x.x..xx.x.",
        snare="....x.......x... ..x...x...x...x.", hat="x...x...x...x... x.-.x.-.x.-.x.-.", perc="o...............",
        bass="x.xxx.xxx.xxx.xx xxxxxxxxxxxxxxxx", chords="x.xxx.xxx.xxx.xx x-xxx-xxx-x-x-x- x...x...x.x.x..."),
    "rock": dict(
        tempo=(96, 148), swing=(0, 0), loose=.005, kick="x.....o.x.x...o. x.o.....x..x..o.", snare="....x.......x..o",
        hat="x.-.x.-.x.-.x.-. x...x...x...x...", perc="o...............", bass="x.x.x.x.x.x.x.x. x..x..x.x..x..x.",
        chords="x..x..x.x..x..x. x.-.x.-.x.-.x.-. x.......x..x..o."),
    "dance/electronic": dict(
        tempo=(114, 134), swing=(0, .06), loose=0, kick="x...x...x...x...", snare="....x.......x...",
        hat="-.x.-.x.-.x.-.x. --x---x---x---x-", perc="......o.......o.",
        bass="..x...x...x...x. ..xx..xx..xx..xx x.x.x.x.x.x.x.x.",
        chords="..x...x...x...x. x............... x.......x..x..x."),
    "folk/acoustic": dict(
        tempo=(84, 132), swing=(.15, 0), loose=.009, kick="x.......o....... x.......x......o ................",
        snare="................ ....-.......-...", hat="................ -.o.-.o.-.o.-.o.", perc="................",
        bass="x.......x.......", chords="x...x.x...x.x.x. x.x.x.x.x.x.x.x. x...x.-.x...x.-."),
    "classical": dict(
        tempo=(72, 124), swing=(0, 0), loose=.006, kick="................", snare="................",
        hat="................", perc="................", bass="x...-...x...-... x...x...x...x...",
        chords="x.-.x.-.x.-.x.-. x...x...x...x... x.-.-.-.x.-.-.-."),
    "jazz": dict(
        tempo=(100, 176), swing=(.6, .1), loose=.008, kick="-.....o.-....... o.........o.....",
        snare="....-.....o.-... ..............o.", hat="x...x.x.x...x.x.", perc="....-.......-...",
        bass="x...x...x...x...", chords="x.....x......... ......x.......x. x.....o...x....."),
}
# kit: kick, snare, hat and percussion. bass, chords, melody: instruments. levels: of drums, bass, chords and melody, in
# dB. reverb: duration in seconds, and share of the sound. tilt: of the spectrum, dB an octave. loudness: RMS in dB
# below full scale. pump: how much bass and chords are turned down on each beat, 0 to 1.
TIMBRES = {
    "hip hop": dict(
        kit="808,snap,hat,clave 808,snap,hat,clave house,clap,hat,conga", bass="sub sub upright",
        chords="pad epiano nylon piano organ", melody="voice voice synth", levels=(0, 0, -9, -3), reverb=(.4, .10),
        tilt=-.8, loudness=-13, pump=.15),
    "latin": dict(
        kit="house,timbale,shaker,conga house,timbale,shaker,conga thud,timbale,hat,conga", bass="upright sub picked",
        chords="piano nylon clean", melody="brass voice", levels=(0, -3, -5, -3), reverb=(.7, .15), tilt=0,
        loudness=-14, pump=0),
    "metal": dict(
        kit="click,crack,crash,crash click,crack,crash,crash thud,crack,hat,crash", bass="picked",
        chords="fuzz fuzz crunch", melody="growl lead voice", levels=(-1, -5, 0, -5), reverb=(.5, .10), tilt=.6,
        loudness=-11, pump=0),
    "rock": dict(
        kit="thud,crack,hat,crash thud,crack,hat,crash click,crack,crash,crash stomp,brush,shaker,clave",
        bass="picked picked upright", chords="crunch clean crunch organ fuzz steel piano", melody="voice voice lead",
        levels=(-1, -3, -3, -2), reverb=(.6, .15), tilt=.2, loudness=-13, pump=0),
    "dance/electronic": dict(
        kit="house,clap,open-hat,clave house,clap,open-hat,clave house,snap,hat,clave", bass="sawbass sub",
        chords="supersaw supersaw pad piano", melody="synth voice", levels=(2, -3, -5, -6), reverb=(.9, .2), tilt=.5,
        loudness=-12, pump=.55),
    "folk/acoustic": dict(
        kit="stomp,brush,shaker,clave stomp,brush,shaker,clave thud,brush,hat,clave", bass="upright steel cello",
        chords="steel nylon piano clean harp", melody="voice fiddle whistle", levels=(-7, -6, -2, -1),
        reverb=(.6, .15), tilt=0, loudness=-17, pump=0),
    "classical": dict(
        kit="timpani,brush,triangle,triangle", bass="cello cello upright", chords="strings piano strings harp nylon",
        melody="fiddle whistle piano voice", levels=(-6, -5, -3, 0), reverb=(1.5, .28), tilt=-.3, loudness=-19, pump=0),
    "jazz": dict(
        kit="stomp,brush,ride,pedal stomp,brush,ride,pedal stomp,brush,shaker,conga", bass="upright",
        chords="piano clean epiano nylon organ", melody="sax brass vibes piano voice whistle", levels=(-4, -2, -6, -1),
        reverb=(.9, .2), tilt=-.2, loudness=-17, pump=0),
}
# major: share of songs in major. up, down: chord progressions in major and in minor. scale: in `SCALES`. voicing: how
# the notes of a chord are placed. bass: how the bass moves. centre: of the melody, a MIDI number. density: notes of the
# melody a bar. leap: the largest step of the melody, in steps of the scale.
PITCHES = {
    "hip hop": dict(
        major=.15, up="I vi IV V,I I IV IV", down="i i bVI bVII,i bVI i v,i iv i v", scale="pentatonic",
        voicing="close", bass="root", centre=57, density=9, leap=1),
    "latin": dict(
        major=.4, up="I IV V7 IV,I vi IV V7", down="i iv V7 i,i bVII bVI V7,i i iv V7", scale="diatonic",
        voicing="close", bass="fifth", centre=67, density=6, leap=2),
    "metal": dict(
        major=.0, up="I5 bVII5 IV5 I5", down="i5 i5 bVI5 bVII5,i5 bII5 i5 bVI5,i5 bIII5 bVI5 v5,i5 i5 iv5 bVI5",
        scale="harmonic", voicing="power", bass="root", centre=60, density=5, leap=2),
    "rock": dict(
        major=.65, up="I V vi IV,I IV I V,I bVII IV I,I I IV V", down="i bVII bVI bVII,i bVI bIII bVII,i i iv i",
        scale="pentatonic", voicing="open", bass="root", centre=64, density=5, leap=1),
    "dance/electronic": dict(
        major=.35, up="I V vi IV,I vi IV V", down="i bVI bIII bVII,i bVI iv v,i i bVI bVII", scale="pentatonic",
        voicing="close", bass="octave", centre=72, density=8, leap=3),
    "folk/acoustic": dict(
        major=.8, up="I IV I V,I V vi IV,I I IV I,I IV V I", down="i bVII i v,i bVI bVII i", scale="diatonic",
        voicing="arpeggio", bass="fifth", centre=65, density=4, leap=1),
    "classical": dict(
        major=.6, up="I IV V7 I,I ii V7 I,I vi IV V7", down="i iv V7 i,i bVI iv V7", scale="harmonic",
        voicing="arpeggio", bass="root", centre=74, density=5, leap=2),
    "jazz": dict(
        major=.65, up="IM7 IM7 ii7 V7,IM7 IV7 IM7 V7,ii7 V7 IM7 IM7", down="i7 iv7 V7 i7,i7 bVIM7 iv7 V7",
        scale="blues", voicing="close", bass="walk", centre=67, density=7, leap=2),
}
# The pitch of the tone in Hz, by what factor higher it begins, its decay in s; the share of noise, its decay in s, and
# its frequency band in Hz (two numbers).
DRUMS = {
    "808": (48, 2.5, .30, .05, .01, 1000, 4000), "house": (52, 4, .14, .35, .012, 1500, 9000),
    "thud": (66, 1.8, .10, .25, .02, 500, 3500), "click": (62, 2, .07, .60, .008, 2500, 8000),
    "stomp": (74, 1.4, .09, .20, .03, 150, 1200), "timpani": (82, 1.02, .40, .10, .03, 100, 600),
    "snap": (200, 1.1, .04, .80, .09, 1200, 8000), "clap": (300, 1.0, .01, .98, .11, 900, 4500),
    "crack": (190, 1.2, .08, .75, .15, 500, 9000), "timbale": (340, 1.1, .08, .50, .06, 1500, 7000),
    "brush": (180, 1.0, .05, .90, .13, 1500, 6500), "hat": (6000, 1, .01, .97, .035, 6500, 10500),
    "open-hat": (6000, 1, .01, .97, .10, 6000, 10500), "shaker": (5000, 1, .01, .99, .05, 4500, 9500),
    "crash": (4000, 1, .1, .97, .32, 2500, 10500), "ride": (4700, 1, .16, .75, .22, 4000, 10000),
    "pedal": (5500, 1, .01, .97, .03, 5000, 10000), "triangle": (4200, 1, .1, .8, .12, 4000, 10000),
    "conga": (215, 1.15, .10, .15, .02, 500, 3000), "clave": (2300, 1, .03, .1, .01, 2000, 6000),
}
# tilt: harmonic number k has the strength k ** -tilt. top: where the harmonics end, in Hz. attack: in s. bright, decay:
# decay of the bright and of the dull part, in s. Some instruments have more: vibrato and detune in cents; even:
# strength of the even harmonics; formants in Hz; drive: of the amplifier; lowpass: behind the amplifier, in Hz.
AH = (620, 1150, 2600)
INSTRUMENTS = {
    "sub": dict(tilt=2.6, top=500, attack=.006, bright=.3, decay=1.5, drive=.6),
    "picked": dict(tilt=1.2, top=1500, attack=.003, bright=.15, decay=1.5, drive=1.0),
    "upright": dict(tilt=1.6, top=900, attack=.008, bright=.12, decay=.7),
    "sawbass": dict(tilt=1.0, top=1200, attack=.004, bright=.12, decay=3, detune=8),
    "cello": dict(tilt=1.2, top=1600, attack=.03, bright=9, decay=9, vibrato=10),
    "pad": dict(tilt=1.3, top=1400, attack=.12, bright=9, decay=9, detune=12),
    "epiano": dict(tilt=2.0, top=1800, attack=.004, bright=.12, decay=1.2, even=.4),
    "piano": dict(tilt=1.2, top=2500, attack=.003, bright=.25, decay=1.1),
    "vibes": dict(tilt=2.6, top=4000, attack=.003, bright=.1, decay=1.4, even=.3, vibrato=6),
    "nylon": dict(tilt=1.4, top=2200, attack=.003, bright=.10, decay=.7),
    "steel": dict(tilt=.9, top=4000, attack=.002, bright=.15, decay=.9),
    "harp": dict(tilt=1.7, top=2500, attack=.003, bright=.12, decay=.8),
    "clean": dict(tilt=1.3, top=2200, attack=.003, bright=.25, decay=1.2),
    "crunch": dict(tilt=1.1, top=2600, attack=.003, bright=.5, decay=2, drive=2.0, lowpass=4200),
    "fuzz": dict(tilt=1.0, top=3000, attack=.002, bright=.8, decay=3, drive=8.0, lowpass=5000),
    "organ": dict(tilt=.9, top=2000, attack=.01, bright=9, decay=9, vibrato=5, even=.7),
    "strings": dict(tilt=1.1, top=2800, attack=.03, bright=9, decay=9, detune=7, vibrato=6),
    "supersaw": dict(tilt=.9, top=5000, attack=.005, bright=.6, decay=5, detune=14),
    "synth": dict(tilt=.8, top=4500, attack=.003, bright=.12, decay=.5, even=.5, detune=6),
    "voice": dict(tilt=.8, top=4500, attack=.03, bright=9, decay=9, vibrato=18, formants=AH),
    "growl": dict(
        tilt=.4, top=5000, attack=.01, bright=9, decay=9, vibrato=40, formants=(500, 1500, 2400), drive=4.0,
        lowpass=6000),
    "lead": dict(tilt=.9, top=4000, attack=.004, bright=2, decay=4, vibrato=18, drive=3.0, lowpass=5000),
    "brass": dict(tilt=.7, top=2800, attack=.03, bright=.8, decay=6, vibrato=8),
    "sax": dict(tilt=.9, top=2600, attack=.03, bright=2, decay=6, vibrato=15, even=.6, formants=(550, 1400, 3000)),
    "fiddle": dict(tilt=.9, top=4500, attack=.03, bright=9, decay=9, vibrato=20),
    "whistle": dict(tilt=2.8, top=5000, attack=.04, bright=9, decay=9, vibrato=14),
}
QUALITIES = {"maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10),
             "5": (0, 7, 12)}
"""The notes of each kind of chord, in semitones above the root."""
SCALES = {
    ("diatonic", 1): (0, 2, 4, 5, 7, 9, 11), ("diatonic", 0): (0, 2, 3, 5, 7, 8, 10),
    ("pentatonic", 1): (0, 2, 4, 7, 9), ("pentatonic", 0): (0, 3, 5, 7, 10),
    ("harmonic", 1): (0, 2, 4, 5, 7, 9, 11), ("harmonic", 0): (0, 2, 3, 5, 7, 8, 11),
    ("blues", 1): (0, 2, 4, 5, 7, 8, 9, 11), ("blues", 0): (0, 2, 3, 5, 6, 7, 10)}
"""The notes of each scale in major (1) and minor (0), in semitones above the tonic."""
