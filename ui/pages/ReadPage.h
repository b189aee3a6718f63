// SPDX-License-Identifier: GPL-3.0-or-later
// Reading, one image at a time: the canvas, the classes, the last ten, and the model's opinion when it may be seen.
//
// Label keys count only from 150 ms after the image's first paint, and never while a key is held down. The next image
// comes after the label's COMMIT. Everything here shows what session::Workspace allows; the page itself decides nothing
// about blinding.
#pragma once

#include "session/Workspace.h"

#include <QElapsedTimer>
#include <QHash>
#include <QImage>
#include <QTimer>
#include <QWidget>

class QKeyEvent;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedLayout;

namespace foveate::ui {

class CanvasMessage;
class ClassButton;
class ClassPanel;
class FilmStrip;
class ImageCanvas;
class OverlayBar;
class Toast;

class ReadPage : public QWidget {
    Q_OBJECT
public:
    static constexpr int kArmAfter = 150;

    explicit ReadPage(session::Workspace& workspace, QWidget* parent = nullptr);

    ImageCanvas* canvas() const { return m_canvas; }
    ClassPanel* classes() const { return m_classes; }
    FilmStrip* strip() const { return m_strip; }
    OverlayBar* overlayBar() const { return m_overlay; }
    /// The image is on the screen and label keys count.
    bool armed() const { return m_armed; }
    QString message() const;

    /// A key that nothing with the focus wanted. True when it meant something here.
    bool keyPressed(const QKeyEvent& event);
    bool keyReleased(const QKeyEvent& event);

    /// The image's label; in a multi-label study whether the class applies to it, kept by confirm().
    void label(int classIndex);
    /// Multi-label: the classes marked are the image's label.
    void confirm();
    void skip();
    void unsure();
    void ungradable();
    void takeBack();
    void redo();
    void next();
    void previous();
    void toggleOverlay();
    /// +1: prediction and map of an earlier model, −1: of a later one.
    void stepModel(int steps);
    void stepOpacity(int steps);
    void peek(bool held);
    void peekFor(int milliseconds);
    void restyle();

Q_SIGNALS:
    void menuWanted(const QPoint& globalPosition);
    void trainPageWanted();
    void importWanted();
    void overlayToggled(bool on);
    /// A new image is on the screen; for measurements.
    void imagePainted();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QWidget* buildPanel();
    QWidget* buildStrip();
    QWidget* buildBanner();
    void connectWorkspace();
    bool decide(store::EventKind kind, std::optional<int> classIndex, const QString& what);
    void refresh();
    void refreshProject();
    void showImage();
    void showState();
    void showBroken(const Error& error);
    QString labelText(int label) const;
    void mark(int classIndex);
    bool hasNewMarks() const;
    void describeItem();
    void refreshStrip();
    void refreshBanner();
    void refreshModels();
    void refreshReveal();
    void drawOverlay();
    QImage thumbnail(const std::string& sample);
    void saveNote();

    session::Workspace& m_workspace;
    QStackedLayout* m_stack;
    ImageCanvas* m_canvas;
    CanvasMessage* m_message;
    ClassPanel* m_classes;
    ClassButton* m_confirm;
    int m_marks = 0; ///< multi-label: the classes marked for the image on the screen
    QLabel* m_question;
    QLineEdit* m_note;
    OverlayBar* m_overlay;
    FilmStrip* m_strip;
    Toast* m_toast;
    QLabel* m_readout;
    QWidget* m_banner;
    QLabel* m_bannerText;
    QPushButton* m_bannerButton;
    QList<ClassButton*> m_ways; ///< unsure, skip, ungradable

    quint64 m_serial = 0; ///< what the page has been told to show
    quint64 m_drawn = 0;  ///< what lies on the canvas
    bool m_armed = false;
    QTimer m_arm;
    bool m_peeking = false;
    QElapsedTimer m_space;
    QHash<QString, QImage> m_thumbnails;
};

} // namespace foveate::ui
