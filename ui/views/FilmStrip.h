// SPDX-License-Identifier: GPL-3.0-or-later
// The last ten decisions, oldest left, each a button: press it to go back and change it.
//
// A hollow tick says that the decision is on its way, a solid one that it is on the disk.
#pragma once

#include <QAbstractButton>
#include <QImage>
#include <QList>
#include <QString>
#include <QWidget>

#include <optional>

namespace foveate::ui {

enum class Verdict { label, skip, unsure, ungradable };

struct FilmItem {
    QString sample; ///< handed back on a click; never shown
    QImage picture;
    Verdict verdict = Verdict::label;
    std::optional<int> classIndex; ///< of several the first; nothing when none applies
    QString className;
    bool durable = false;
    bool current = false; ///< the image on the canvas
};

class FilmFrame : public QAbstractButton {
    Q_OBJECT
public:
    explicit FilmFrame(QWidget* parent);
    void setItem(const std::optional<FilmItem>& item, int position);
    const std::optional<FilmItem>& item() const { return m_item; }
    QSize sizeHint() const override { return {56, 56}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<FilmItem> m_item;
};

class FilmStrip : public QWidget {
    Q_OBJECT
public:
    static constexpr int kLength = 10;
    explicit FilmStrip(QWidget* parent = nullptr);
    void setItems(const QList<FilmItem>& items);
    FilmFrame* frame(int i) const { return m_frames.at(i); }

Q_SIGNALS:
    void chosen(const QString& sample);

private:
    QList<FilmFrame*> m_frames;
};

QString verdictText(Verdict verdict);

} // namespace foveate::ui
