// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/ErrorText.h"

#include "base/Text.h"

#include <QCoreApplication>
#include <utility>
#include <vector>

namespace foveate::ui {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("ErrorText", text);
}

struct Words {
    const char* reason;   ///< for a table cell
    const char* sentence; ///< %1, %2, %3 are the error's arguments
};

Words projectWords(Code code)
{
    switch (code) {
    case Code::badDirectory:
        return {QT_TRANSLATE_NOOP("ErrorText", "folder not readable"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "The folder %1 is missing, empty or cannot be read. Choose a folder that holds "
                                  "images, or check its permissions.")};
    case Code::notFound:
        return {QT_TRANSLATE_NOOP("ErrorText", "not found"),
                QT_TRANSLATE_NOOP("ErrorText", "There is no %1 named %2. Check the name.")};
    case Code::alreadyExists:
        return {QT_TRANSLATE_NOOP("ErrorText", "already there"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 exists already and is left as it is. Choose another name.")};
    case Code::locked:
        return {QT_TRANSLATE_NOOP("ErrorText", "open elsewhere"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "This project is open by %1 on %2 since %3. Close it there, or open it for "
                                  "reading only.")};
    case Code::newerVersion:
        return {QT_TRANSLATE_NOOP("ErrorText", "from a newer version"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "%1 was made by a newer version of Foveate (format %2; this one knows %3). "
                                  "Update Foveate to open it; nothing was changed.")};
    case Code::corrupt:
        return {QT_TRANSLATE_NOOP("ErrorText", "damaged record"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "%1 does not agree with its own checks (%2). Run “foveate verify” on the "
                                  "project; the last good copies lie in its backup folder.")};
    case Code::unknownCommit:
        return {QT_TRANSLATE_NOOP("ErrorText", "not known to be saved"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "The disk answered with an error while saving to %1. Nothing is thrown away: "
                                  "open the project again to see what was kept.")};
    case Code::patientSplit:
        return {QT_TRANSLATE_NOOP("ErrorText", "patient on two sides"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "A patient has images in %2 and in %3. All images of one patient must be on "
                                  "one side; nothing was imported. Correct the split column or the patient rule.")};
    case Code::needsLabels:
        return {QT_TRANSLATE_NOOP("ErrorText", "too few labels"),
                QT_TRANSLATE_NOOP("ErrorText", "There are %1 labels and %2 are needed. Label more images first (%3).")};
    case Code::needsTraining:
        return {QT_TRANSLATE_NOOP("ErrorText", "no model yet"),
                QT_TRANSLATE_NOOP("ErrorText", "This project has no finished run to start from. Run “%1” first.")};
    case Code::needsClasses:
        return {QT_TRANSLATE_NOOP("ErrorText", "too few classes"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "Labels of at least two classes are needed; there are labels of %1. Label images "
                                  "of another class first.")};
    case Code::needsOneClass:
        return {QT_TRANSLATE_NOOP("ErrorText", "one class an image needed"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "“%1” needs images of one class each, and in this study several may apply to an "
                                  "image. Choose another, such as entropy.")};
    case Code::noTruth:
        return {QT_TRANSLATE_NOOP("ErrorText", "no known labels"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "This project keeps no hidden labels, so nothing can answer for a reader. Import "
                                  "labelled images with --hide-labels first.")};
    default: return {nullptr, nullptr};
    }
}

Words imageWords(Code code)
{
    switch (code) {
    case Code::notAnImage:
        return {QT_TRANSLATE_NOOP("ErrorText", "not an image"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 is not an image of a known format (PNG, JPEG, TIFF, BMP, DICOM).")};
    case Code::unsupported:
        return {QT_TRANSLATE_NOOP("ErrorText", "form not supported"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 has a form that is not read: %2.")};
    case Code::damaged:
        return {QT_TRANSLATE_NOOP("ErrorText", "damaged"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 is damaged: %2. Copy it again from its source.")};
    case Code::tooLarge:
        return {QT_TRANSLATE_NOOP("ErrorText", "too large"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 is larger than what is read: %2.")};
    case Code::decoderDied:
        return {QT_TRANSLATE_NOOP("ErrorText", "could not be read"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 made its decoder stop (%2). The file is left out; nothing else is "
                                               "affected.")};
    case Code::sandbox:
        return {QT_TRANSLATE_NOOP("ErrorText", "no decoder"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "The image decoder could not be started safely: %1. Check that foveate-decode lies "
                                  "beside foveate.")};
    default: return {nullptr, nullptr};
    }
}

Words engineWords(Code code)
{
    switch (code) {
    case Code::deviceMissing:
        return {QT_TRANSLATE_NOOP("ErrorText", "no such device"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "The device %1 is not there. Leave out --require-gpu to work on the processor, or "
                                  "see “foveate doctor”.")};
    case Code::outOfMemory:
        return {QT_TRANSLATE_NOOP("ErrorText", "out of memory"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "There is not enough memory on %1, also with smaller batches. Choose a smaller "
                                  "image size or batch.")};
    case Code::nonFinite:
        return {QT_TRANSLATE_NOOP("ErrorText", "not a number"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "The computation left the range of numbers (%1). The last good state is kept; use "
                                  "a smaller learning rate.")};
    case Code::wrongShape:
        return {QT_TRANSLATE_NOOP("ErrorText", "does not fit"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 does not fit: found %2, expected %3.")};
    case Code::engineDied:
        return {QT_TRANSLATE_NOOP("ErrorText", "engine stopped"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "The engine stopped unexpectedly (%1). All labels are safe; see “foveate doctor”.")};
    case Code::rankLost:
        return {QT_TRANSLATE_NOOP("ErrorText", "a process ended"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "Another process of this training ended or did not answer, so the training stopped. "
                                  "Its last saved state is kept; go on from there with --resume.")};
    case Code::timeout:
        return {QT_TRANSLATE_NOOP("ErrorText", "took too long"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 took too long and was stopped.")};
    case Code::cancelled:
        return {QT_TRANSLATE_NOOP("ErrorText", "interrupted"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "Interrupted. What was finished is kept; the same command goes on from there.")};
    default: return {nullptr, nullptr};
    }
}

Words generalWords(Code code)
{
    switch (code) {
    case Code::usage: return {QT_TRANSLATE_NOOP("ErrorText", "wrong use"), QT_TRANSLATE_NOOP("ErrorText", "%1")};
    case Code::badInput:
        return {QT_TRANSLATE_NOOP("ErrorText", "cannot be understood"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 cannot be understood: %2.")};
    case Code::io:
        return {QT_TRANSLATE_NOOP("ErrorText", "not readable"),
                QT_TRANSLATE_NOOP("ErrorText", "%1 cannot be read or written: %2.")};
    case Code::noSpace:
        return {QT_TRANSLATE_NOOP("ErrorText", "disk full"),
                QT_TRANSLATE_NOOP("ErrorText",
                                  "There is no space left on the disk for %1. Free some space; nothing that was "
                                  "confirmed is lost.")};
    case Code::readOnly:
        return {QT_TRANSLATE_NOOP("ErrorText", "may not be read or written"),
                QT_TRANSLATE_NOOP(
                    "ErrorText",
                    "%1 may not be written (or not be read) here. Check the permissions, or choose another folder.")};
    case Code::partial:
        return {QT_TRANSLATE_NOOP("ErrorText", "partly done"),
                QT_TRANSLATE_NOOP("ErrorText", "Only %1 of %2 could be done.")};
    default:
        return {
            QT_TRANSLATE_NOOP("ErrorText", "internal error"),
            QT_TRANSLATE_NOOP("ErrorText",
                              "Something that should be impossible happened (%1). Labels are safe; please report it.")};
    }
}

Words words(Code code)
{
    for (Words (*look)(Code) : {&projectWords, &imageWords, &engineWords}) {
        const Words found = look(code);
        if (found.sentence)
            return found;
    }
    return generalWords(code);
}

/// What is wrong with a file comes in up to two parts: where, and what.
Error inTwoWords(Error error)
{
    if (error.code != Code::badInput || error.args.size() < 3)
        return error;
    const bool where = !error.args[1].empty();
    error.args[1] += (where && !error.args[2].empty() ? ", " : "") + error.args[2];
    return error;
}

} // namespace

QString errorText(const Error& asRaised)
{
    const Error error = inTwoWords(asRaised);
    // One pass over the places, so that an argument that holds "%1" itself is not replaced again.
    const QString pattern = tr(words(error.code).sentence);
    QString text;
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == u'%' && i + 1 < pattern.size() && pattern[i + 1].isDigit())
            text += QString::fromStdString(printable(error.arg(std::size_t(pattern[++i].digitValue() - 1))));
        else
            text += pattern[i];
    }
    return text;
}

QString errorReason(Code code)
{
    return tr(words(code).reason);
}

} // namespace foveate::ui
